/* guided_filter.c -- what the engine knows about the guided filter. */
#include "kernels/guided_filter/guided_filter.h"

#include <math.h>
#include <stddef.h>

static const gd_attr_field fields[] = {
    {"radius", GD_ATTR_I32, offsetof(gd_guided_filter, radius), 0, 8},
    {"eps", GD_ATTR_F32, offsetof(gd_guided_filter, eps), 0, 0.01},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_guided_filter *a = l->attr;
    const gd_tensor        *p = l->in[0], *guide = l->in[1] ? l->in[1] : p;
    if (p->ndim != 4 || !gd_dtype_is_float(p->dtype) || p->dim[3] < 1 ||
        p->dim[3] > GDK_GUIDED_CHANNELS)
        return gd_fail_input(err, "guided_filter", 0, p, "floating [N,H,W,1..4]");
    if (guide->ndim != 4 || guide->dtype != p->dtype || guide->dim[0] != p->dim[0] ||
        guide->dim[1] != p->dim[1] || guide->dim[2] != p->dim[2] ||
        (guide->dim[3] != 1 && guide->dim[3] != 3))
        return gd_fail_input(err, "guided_filter", l->in[1] ? 1 : 0, guide,
                             "a guide as large as the input, of 1 or 3 channels");
    if (a->radius < 0 || a->radius > GDK_GUIDED_RADIUS)
        return gd_fail(err, GD_ERR_ARG, "guided_filter: radius %d, wanted 0 .. %d", a->radius,
                       GDK_GUIDED_RADIUS);
    if (!(a->eps > 0) || !isfinite(a->eps))
        return gd_fail(err, GD_ERR_ARG, "guided_filter: eps %g, wanted more than 0",
                       (double)a->eps);
    gd_infer_like(l->out[0], p);
    return GD_OK;
}

/* Running sums along both axes: six operations a moment and a coefficient; the systems. */
static void cost(const gd_launch *l, gd_cost *c) {
    const gdk_guided k = gdk_guided_of(l);
    const double     n = (double)(k.N * k.H * k.W);
    *c = (gd_cost){.flop = n * (6.0 * k.n_moment + 6.0 * k.n_coef + 12.0 * k.C * k.G),
                   .bytes = n * (2.0 * k.C + (k.self ? 0 : k.G)) *
                            (double)gd_dtype_size(l->in[0]->dtype)};
}

#define REF(type, id)                                                                       \
    {                                                                                       \
        .name = "guided_filter_ref_" #type, .backend = GD_CPU, .dtype = id,                 \
        .flags = GD_ROW_REFERENCE | GD_ROW_PITCH, .scratch = gdk_guided_filter_ref_scratch, \
        .run = gdk_guided_filter_ref_##type                                                 \
    }

const gd_op gd_op_guided_filter = {
    .name = "guided_filter",
    .min_in = 1,
    .max_in = 2,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_guided_filter),
    .infer = infer,
    .cost = cost,
    .kernels = (const gd_kernel[]){{.name = "guided_filter_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .scratch = gdk_guided_filter_cpu_scratch,
                                    .run = gdk_guided_filter_cpu_f32},
                                   REF(f32, GD_F32),
                                   REF(f64, GD_F64),
                                   {0}}};
