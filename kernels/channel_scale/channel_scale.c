/* channel_scale.c -- what the engine knows about channel_scale: shapes, gradient, kernels. */
#include "kernels/channel_scale/channel_scale.h"

#include "engine/graph.h"
#include "kernels/describe.h"

/* Input i is [B, 1, 1, C] beside x [B, H, W, C]. */
static gd_status check(const gd_launch *l, const char *op, int i, gd_error *err) {
    const gd_tensor *x = l->in[0], *s = l->in[i];
    if (x->ndim != 4 || !gd_dtype_is_float(x->dtype))
        return gd_fail_input(err, op, 0, x, "floating [B,H,W,C]");
    if (s->ndim != 4 || s->dtype != x->dtype || s->dim[0] != x->dim[0] || s->dim[1] != 1 ||
        s->dim[2] != 1 || s->dim[3] != x->dim[3])
        return gd_fail_input(err, op, i, s, "[B,1,1,C] of input 0's type");
    return GD_OK;
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    GD_TRY(check(l, "channel_scale", 1, err));
    return gd_infer_same(l, err);
}

/* In: d_y, x, s. Out: d_x, d_s. */
static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    GD_TRY(gdk_check_pair(l, "channel_scale_bwd", err));
    GD_TRY(check(l, "channel_scale_bwd", 2, err));
    gd_infer_like(l->out[1], l->in[2]);
    return gd_infer_same(l, err);
}

static void cost(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 1, c); }
static void cost_bwd(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 3, c); }

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const int args[3] = {d_out[0], n->in[0], n->in[1]};
    return gd_graph_add(g, "channel_scale_bwd", NULL, 3, args, d_in, err);
}

const gd_op gd_op_channel_scale = {
    .name = "channel_scale",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .flags = GD_OP_INPLACE | GD_OP_HALF_FOLLOW,
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("channel_scale_cpu_f32", GD_F32,
                                              gdk_channel_scale_cpu_f32),
                                   GD_REF_ROWS(channel_scale),
                                   {0}},
};

const gd_op gd_op_channel_scale_bwd = {
    .name = "channel_scale_bwd",
    .min_in = 3,
    .max_in = 3,
    .n_out = 2,
    .flags = GD_OP_HALF_FOLLOW,
    .infer = infer_bwd,
    .cost = cost_bwd,
    .kernels = (const gd_kernel[]){{GD_CPU_ROW("channel_scale_bwd_cpu_f32", GD_F32,
                                               gdk_channel_scale_bwd_cpu_f32),
                                    .scratch = gdk_channel_scale_bwd_cpu_scratch},
                                   GD_REF_ROWS(channel_scale_bwd),
                                   {0}},
};
