/* preprocess.c -- what the engine knows about preprocessing: shapes, cost, kernels. */
#include "kernels/preprocess/preprocess.h"

const gd_attr_field gdk_preprocess_fields[] = {
    {"out_h", GD_ATTR_I32, offsetof(gd_preprocess, out_h), 0, 0},
    {"out_w", GD_ATTR_I32, offsetof(gd_preprocess, out_w), 0, 0},
    {"filter", GD_ATTR_I32, offsetof(gd_preprocess, filter), 0, GD_FILTER_TORCH},
    {"swap_rb", GD_ATTR_I32, offsetof(gd_preprocess, swap_rb), 0, 0},
    {"scale", GD_ATTR_F32, offsetof(gd_preprocess, scale), 0, 1.0 / 255},
    {"mean", GD_ATTR_F32, offsetof(gd_preprocess, mean), 3, 0},
    {"std", GD_ATTR_F32, offsetof(gd_preprocess, std), 3, 1},
    {"pad", GD_ATTR_F32, offsetof(gd_preprocess, pad), 3, 0},
    {0}};

gd_status gdk_preprocess_check(const gd_preprocess *a, const char *op, gd_error *err) {
    if (a->out_h < 1 || a->out_w < 1 || a->filter < 0 || a->filter >= GD_N_FILTER)
        return gd_fail(err, GD_ERR_ARG, "%s: to %d x %d by filter %d", op, a->out_h, a->out_w,
                       a->filter);
    for (int c = 0; c < 3; c++)
        if (!(a->std[c] > 0))
            return gd_fail(err, GD_ERR_ARG, "%s: std %d is %g", op, c, (double)a->std[c]);
    return GD_OK;
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_preprocess *a = l->attr;
    GD_TRY(gdk_want(l, "preprocess", 0, GD_U8, 3, (int64_t[]){-1, -1, 3}, "pixels u8[B,cap,3]",
                    err));
    if (l->in[0]->pitch != 3)
        return gd_fail_input(err, "preprocess", 0, l->in[0], "dense pixels");
    GD_TRY(gdk_want(l, "preprocess", 1, GD_F32, 2, (int64_t[]){l->in[0]->dim[0], GD_GEOM},
                    "geometry [B,8]", err));
    GD_TRY(gdk_preprocess_check(a, "preprocess", err));
    gd_infer_set(l->out[0], l->in[1]->dtype, 4,
                 (int64_t[]){l->in[0]->dim[0], a->out_h, a->out_w, 3});
    return GD_OK;
}

void gdk_preprocess_cost(const gd_launch *l, gd_cost *c) {
    const double n = (double)gd_tensor_count(l->out[0]);
    *c = (gd_cost){.flop = 9 * n,
                   .bytes = n * (double)gd_dtype_size(l->out[0]->dtype) +
                            (double)gd_tensor_count(l->in[0])};
}

enum { MOST_SRC = 65535, MOST_NEW = 1 << 24 /* whole numbers a float holds */ };

static int within(int64_t v, int most) { return v < 0 ? 0 : v > most ? most : (int)v; }

bool gdk_picture_of(const gd_preprocess *a, const double g[GD_GEOM], gdk_picture *p) {
    if (!gdk_whole_number(g[GD_GEOM_SRC_H], 1, MOST_SRC, &p->src_h) ||
        !gdk_whole_number(g[GD_GEOM_SRC_W], 1, MOST_SRC, &p->src_w) ||
        !gdk_whole_number(g[GD_GEOM_NEW_H], 1, MOST_NEW, &p->new_h) ||
        !gdk_whole_number(g[GD_GEOM_NEW_W], 1, MOST_NEW, &p->new_w) ||
        !gdk_whole_number(g[GD_GEOM_TOP], -MOST_NEW, MOST_NEW, &p->top) ||
        !gdk_whole_number(g[GD_GEOM_LEFT], -MOST_NEW, MOST_NEW, &p->left))
        return false;
    p->y0 = within(p->top, a->out_h);
    p->y1 = within((int64_t)p->top + p->new_h, a->out_h);
    p->x0 = within(p->left, a->out_w);
    p->x1 = within((int64_t)p->left + p->new_w, a->out_w);
    return true;
}

gd_status gdk_preprocess_picture(const gd_launch *l, int64_t b, gdk_picture *p, gd_error *err) {
    const int64_t cap = l->in[0]->dim[1];
    double        g[GD_GEOM];
    for (int i = 0; i < GD_GEOM; i++) g[i] = gd_tensor_get(l->in[1], b * GD_GEOM + i);
    if (!gdk_picture_of(l->attr, g, p) || (int64_t)p->src_h * p->src_w > cap)
        return gd_fail(
            err, GD_ERR_ARG,
            "preprocess: picture %lld of %g x %g to %g x %g at (%g, %g), room for %lld "
            "pixels",
            (long long)b, g[GD_GEOM_SRC_H], g[GD_GEOM_SRC_W], g[GD_GEOM_NEW_H],
            g[GD_GEOM_NEW_W], g[GD_GEOM_TOP], g[GD_GEOM_LEFT], (long long)cap);
    p->rgb = (const uint8_t *)l->in[0]->data + b * cap * 3;
    p->stride = (size_t)p->src_w * 3;
    return GD_OK;
}

const gd_op gd_op_preprocess = {
    .name = "preprocess",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_fields = gdk_preprocess_fields,
    .attr_size = sizeof(gd_preprocess),
    .infer = infer,
    .cost = gdk_preprocess_cost,
    .kernels = (const gd_kernel[]){{.name = "preprocess_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .scratch = gdk_preprocess_cpu_scratch,
                                    .run = gdk_preprocess_cpu_f32},
                                   GD_REF_ROWS(preprocess),
                                   {0}},
};
