/* resize.c -- what the engine knows about resizing feature maps: shapes, cost, gradient,
 * kernels. */
#include "kernels/resize/resize.h"

#include <math.h>

#include "engine/graph.h"
#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"mode", GD_ATTR_I32, offsetof(gd_resize, mode), 0, GD_RESIZE_NEAREST},
    {"out_h", GD_ATTR_I32, offsetof(gd_resize, out_h), 0, 0},
    {"out_w", GD_ATTR_I32, offsetof(gd_resize, out_w), 0, 0},
    {0}};

int64_t gdk_nearest(int64_t at, int64_t src, int64_t dst) {
    const int64_t i = (int64_t)floorf((float)at * ((float)src / (float)dst));
    return i < src ? i : src - 1;
}

static gd_status check(const gd_launch *l, int i, gd_error *err) {
    const gd_resize *a = l->attr;
    GD_TRY(gdk_want(l, "resize", i, GD_F32, 4, (int64_t[]){-1, -1, -1, -1}, "a map [B,H,W,C]",
                    err));
    if (a->out_h < 1 || a->out_w < 1 ||
        (a->mode != GD_RESIZE_NEAREST && a->mode != GD_RESIZE_BILINEAR))
        return gd_fail(err, GD_ERR_ARG, "resize: mode %d to %d x %d", a->mode, a->out_h,
                       a->out_w);
    return GD_OK;
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_resize *a = l->attr;
    const gd_tensor *x = l->in[0];
    GD_TRY(check(l, 0, err));
    gd_infer_set(l->out[0], x->dtype, 4, (int64_t[]){x->dim[0], a->out_h, a->out_w, x->dim[3]});
    return GD_OK;
}

static void cost(const gd_launch *l, gd_cost *c) {
    const gd_resize *a = l->attr;
    const double     n = (double)gd_tensor_count(l->out[0]);
    const double     size = (double)gd_dtype_size(l->out[0]->dtype);
    *c = (gd_cost){.flop = a->mode == GD_RESIZE_BILINEAR ? 9 * n : 0,
                   .bytes = size * (n + (double)gd_tensor_count(l->in[0]))};
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const int in[] = {d_out[0], n->in[0]};
    return gd_graph_add(g, "resize_bwd", n->attr, 2, in, d_in, err);
}

/* in 0: d(y); in 1: x, for its shape. */
static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    const gd_resize *a = l->attr;
    GD_TRY(check(l, 1, err));
    const int64_t *x = l->in[1]->dim;
    GD_TRY(gdk_want(l, "resize_bwd", 0, GD_F32, 4, (int64_t[]){x[0], a->out_h, a->out_w, x[3]},
                    "d(y) [B,out_h,out_w,C]", err));
    gd_infer_like(l->out[0], l->in[1]);
    return GD_OK;
}

const gd_op gd_op_resize = {
    .name = "resize",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = fields,
    .attr_size = sizeof(gd_resize),
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .kernels = (const gd_kernel[]){{.name = "resize_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .run = gdk_resize_cpu_f32},
                                   GD_REF_ROWS(resize),
                                   {0}},
};

const gd_op gd_op_resize_bwd = {
    .name = "resize_bwd",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = fields,
    .attr_size = sizeof(gd_resize),
    .infer = infer_bwd,
    .cost = cost,
    .kernels =
        (const gd_kernel[]){GD_ROW_CPU("resize_bwd_cpu_f32", GD_F32, gdk_resize_bwd_cpu_f32),
                            GD_REF_ROWS(resize_bwd),
                            {0}},
};
