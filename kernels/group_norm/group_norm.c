/* group_norm.c -- what the engine knows about group norm: shapes, gradient, kernels. */
#include "kernels/group_norm/group_norm.h"

#include <math.h>

#include "engine/graph.h"
#include "kernels/cpu/steps.h"
#include "kernels/describe.h"

static const gd_attr_field fields[] = {
    {"groups", GD_ATTR_I32, offsetof(gd_group_norm, groups), 0, 32},
    {"eps", GD_ATTR_F32, offsetof(gd_group_norm, eps), 0, (double)1e-5f},
    {0}};

static gd_status check(const gd_launch *l, int vectors, gd_error *err) {
    const gd_group_norm *a = l->attr;
    const gd_tensor     *x = l->in[0];
    if (!(a->eps >= 0) || !isfinite(a->eps))
        return gd_fail(err, GD_ERR_ARG, "group_norm: eps %g", (double)a->eps);
    GD_TRY(gdk_check_vectors(l, "group_norm", vectors, err));
    if (x->ndim < 2 || gd_tensor_channels(x) < 1)
        return gd_fail_input(err, "group_norm", 0, x, "[N, .., C]");
    if (a->groups < 1 || gd_tensor_channels(x) % a->groups)
        return gd_fail(err, GD_ERR_ARG, "group_norm: %d groups of %lld channels", a->groups,
                       (long long)gd_tensor_channels(x));
    return gd_infer_same(l, err);
}

static gd_status infer(const gd_launch *l, gd_error *err) { return check(l, 1, err); }

/* In: d_y, x, gamma. Out: d_x, d_gamma, d_beta. */
static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    GD_TRY(gdk_check_pair(l, "group_norm_bwd", err));
    GD_TRY(check(l, 2, err));
    gd_infer_like(l->out[1], l->in[2]);
    gd_infer_like(l->out[2], l->in[2]);
    return GD_OK;
}

static void cost(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 7, c); }
static void cost_bwd(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 14, c); }

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const int args[3] = {d_out[0], n->in[0], n->in[1]};
    return gd_graph_add(g, "group_norm_bwd", n->attr, 3, args, d_in, err);
}

const gd_op gd_op_group_norm = {
    .name = "group_norm",
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .flags = GD_OP_INPLACE | GD_OP_HALF_FOLLOW,
    .wide_in = 6,
    .attr_fields = fields,
    .attr_size = sizeof(gd_group_norm),
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .kernels = (const gd_kernel[]){{.name = "group_norm_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .absorbs = GDK_STEPS_UNARY,
                                    .run = gdk_group_norm_cpu_f32},
                                   GD_REF_ROWS(group_norm),
                                   {0}},
};

const gd_op gd_op_group_norm_bwd = {
    .name = "group_norm_bwd",
    .min_in = 3,
    .max_in = 3,
    .n_out = 3,
    .flags = GD_OP_HALF_FOLLOW,
    .wide_in = 0x4,
    .attr_fields = fields,
    .attr_size = sizeof(gd_group_norm),
    .infer = infer_bwd,
    .cost = cost_bwd,
    .kernels = (const gd_kernel[]){{GD_CPU_ROW("group_norm_bwd_cpu_f32", GD_F32,
                                               gdk_group_norm_bwd_cpu_f32),
                                    .scratch = gdk_group_norm_bwd_cpu_scratch},
                                   GD_REF_ROWS(group_norm_bwd),
                                   {0}},
};
