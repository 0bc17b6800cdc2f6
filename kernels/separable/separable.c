/* separable.c -- what the engine knows about gaussian, sharpen and sobel. */
#include "kernels/separable/separable.h"

#include <math.h>
#include <stddef.h>

static const gd_attr_field fields_gaussian[] = {
    {"size", GD_ATTR_I32, offsetof(gd_gaussian, size), 2, 5},
    {"sigma", GD_ATTR_F32, offsetof(gd_gaussian, sigma), 2, 1},
    {0}};

static const gd_attr_field fields_sharpen[] = {
    {"size", GD_ATTR_I32, offsetof(gd_sharpen, blur.size), 2, 5},
    {"sigma", GD_ATTR_F32, offsetof(gd_sharpen, blur.sigma), 2, 1},
    {"amount", GD_ATTR_F32, offsetof(gd_sharpen, amount), 0, 1},
    {0}};

static const gd_attr_field fields_sobel[] = {
    {"size", GD_ATTR_I32, offsetof(gd_sobel, size), 0, 3},
    {"mode", GD_ATTR_I32, offsetof(gd_sobel, mode), 0, GD_SOBEL_BOTH},
    {"scale", GD_ATTR_F32, offsetof(gd_sobel, scale), 0, 1},
    {0}};

static gd_status infer_planes(const char *op, const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0];
    if (x->ndim != 4 || !gd_dtype_is_float(x->dtype))
        return gd_fail_input(err, op, 0, x, "floating [N,H,W,C]");
    gd_infer_like(l->out[0], x);
    return GD_OK;
}

static gd_status check_blur(const char *op, const gd_gaussian *a, gd_error *err) {
    for (int i = 0; i < 2; i++) {
        if (a->size[i] < 1 || a->size[i] > GDK_MOST_TAPS || a->size[i] % 2 == 0)
            return gd_fail(err, GD_ERR_ARG, "%s: %d taps along %c, wanted an odd 1 .. %d", op,
                           a->size[i], i ? 'x' : 'y', GDK_MOST_TAPS);
        if (!(a->sigma[i] > 0) || !isfinite(a->sigma[i]))
            return gd_fail(err, GD_ERR_ARG, "%s: sigma %g along %c, wanted more than 0", op,
                           (double)a->sigma[i], i ? 'x' : 'y');
    }
    return GD_OK;
}

static gd_status infer_gaussian(const gd_launch *l, gd_error *err) {
    GD_TRY(check_blur("gaussian", l->attr, err));
    return infer_planes("gaussian", l, err);
}

static gd_status infer_sharpen(const gd_launch *l, gd_error *err) {
    const gd_sharpen *a = l->attr;
    GD_TRY(check_blur("sharpen", &a->blur, err));
    if (!isfinite(a->amount))
        return gd_fail(err, GD_ERR_ARG, "sharpen: amount %g", (double)a->amount);
    return infer_planes("sharpen", l, err);
}

static gd_status infer_sobel(const gd_launch *l, gd_error *err) {
    const gd_sobel *a = l->attr;
    if ((a->size != 3 && a->size != 5 && a->size != 7) || a->mode < 0 ||
        a->mode >= GD_N_SOBEL || !isfinite(a->scale))
        return gd_fail(err, GD_ERR_ARG,
                       "sobel: size %d, mode %d, scale %g, wanted 3, 5 or 7, 0 .. %d, finite",
                       a->size, a->mode, (double)a->scale, GD_N_SOBEL - 1);
    return infer_planes("sobel", l, err);
}

/* Two passes; a multiply and an add a tap. */
static void cost_taps(const gd_launch *l, double taps, gd_cost *c) {
    const double n = (double)gd_tensor_count(l->out[0]);
    *c = (gd_cost){.flop = 2 * n * taps,
                   .bytes = 2 * n * (double)gd_dtype_size(l->out[0]->dtype)};
}

static void cost_gaussian(const gd_launch *l, gd_cost *c) {
    const gd_gaussian *a = l->attr;
    cost_taps(l, a->size[0] + a->size[1], c);
}

static void cost_sharpen(const gd_launch *l, gd_cost *c) {
    const gd_sharpen *a = l->attr;
    cost_taps(l, a->blur.size[0] + a->blur.size[1] + 1, c);
}

static void cost_sobel(const gd_launch *l, gd_cost *c) {
    const gd_sobel *a = l->attr;
    cost_taps(l, 2 * a->size * (a->mode == GD_SOBEL_BOTH ? 2 : 1), c);
}

#define ROWS(op)                               \
    (const gd_kernel[]) {                      \
        {.name = #op "_cpu_f32",               \
         .backend = GD_CPU,                    \
         .dtype = GD_F32,                      \
         .flags = GD_ROW_PITCH,                \
         .scratch = gdk_separable_cpu_scratch, \
         .run = gdk_##op##_cpu_f32},           \
            GD_REF_ROWS(op), {                 \
            0                                  \
        }                                      \
    }

const gd_op gd_op_gaussian = {.name = "gaussian",
                              .min_in = 1,
                              .max_in = 1,
                              .n_out = 1,
                              .attr_fields = fields_gaussian,
                              .attr_size = sizeof(gd_gaussian),
                              .infer = infer_gaussian,
                              .cost = cost_gaussian,
                              .kernels = ROWS(gaussian)};

const gd_op gd_op_sharpen = {.name = "sharpen",
                             .min_in = 1,
                             .max_in = 1,
                             .n_out = 1,
                             .attr_fields = fields_sharpen,
                             .attr_size = sizeof(gd_sharpen),
                             .infer = infer_sharpen,
                             .cost = cost_sharpen,
                             .kernels = ROWS(sharpen)};

const gd_op gd_op_sobel = {.name = "sobel",
                           .min_in = 1,
                           .max_in = 1,
                           .n_out = 1,
                           .attr_fields = fields_sobel,
                           .attr_size = sizeof(gd_sobel),
                           .infer = infer_sobel,
                           .cost = cost_sobel,
                           .kernels = ROWS(sobel)};
