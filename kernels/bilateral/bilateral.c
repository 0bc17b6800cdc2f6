/* bilateral.c -- what the engine knows about the bilateral filter. */
#include "kernels/bilateral/bilateral.h"

#include <math.h>
#include <stddef.h>

static const gd_attr_field fields[] = {
    {"radius", GD_ATTR_I32, offsetof(gd_bilateral, radius), 0, 4},
    {"sigma_color", GD_ATTR_F32, offsetof(gd_bilateral, sigma_color), 0, 25},
    {"sigma_space", GD_ATTR_F32, offsetof(gd_bilateral, sigma_space), 0, 4},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_bilateral *a = l->attr;
    const gd_tensor    *x = l->in[0];
    if (x->ndim != 4 || !gd_dtype_is_float(x->dtype) || x->dim[3] < 1 ||
        x->dim[3] > GDK_BILATERAL_CHANNELS)
        return gd_fail_input(err, "bilateral", 0, x, "floating [N,H,W,1..4]");
    if (a->radius < 0 || a->radius > GDK_BILATERAL_RADIUS)
        return gd_fail(err, GD_ERR_ARG, "bilateral: radius %d, wanted 0 .. %d", a->radius,
                       GDK_BILATERAL_RADIUS);
    if (!(a->sigma_color > 0) || !isfinite(a->sigma_color) || !(a->sigma_space > 0) ||
        !isfinite(a->sigma_space))
        return gd_fail(err, GD_ERR_ARG,
                       "bilateral: sigma of colour %g, of space %g, wanted more than 0",
                       (double)a->sigma_color, (double)a->sigma_space);
    gd_infer_like(l->out[0], x);
    return GD_OK;
}

/* A tap: 3 C + 2 for the distance, 2 C + 1 for the sums, about 12 for exp. */
static void cost(const gd_launch *l, gd_cost *c) {
    const gd_bilateral *a = l->attr;
    const double        n = (double)gd_tensor_pixels(l->out[0]);
    const double        taps = 3.14159 * (a->radius + 0.5) * (a->radius + 0.5);
    *c = (gd_cost){.flop = n * taps * (5.0 * (double)l->in[0]->dim[3] + 15),
                   .bytes = 2 * n * (double)l->in[0]->dim[3] *
                            (double)gd_dtype_size(l->in[0]->dtype)};
}

const gd_op gd_op_bilateral = {.name = "bilateral",
                               .min_in = 1,
                               .max_in = 1,
                               .n_out = 1,
                               .attr_fields = fields,
                               .attr_size = sizeof(gd_bilateral),
                               .infer = infer,
                               .cost = cost,
                               .kernels =
                                   (const gd_kernel[]){{.name = "bilateral_cpu_f32",
                                                        .backend = GD_CPU,
                                                        .dtype = GD_F32,
                                                        .flags = GD_ROW_PITCH,
                                                        .scratch = gdk_bilateral_cpu_scratch,
                                                        .run = gdk_bilateral_cpu_f32},
                                                       GD_REF_ROWS(bilateral),
                                                       {0}}};
