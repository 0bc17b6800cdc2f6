/* l2_norm.c -- what the engine knows about L2 normalisation: shapes, gradient, kernels. */
#include "kernels/l2_norm/l2_norm.h"

#include <math.h>

#include "engine/graph.h"
#include "kernels/describe.h"

static const gd_attr_field fields[] = {
    {"eps", GD_ATTR_F32, offsetof(gd_l2_norm, eps), 0, (double)1e-12f}, {0}};

static gd_status check_eps(const char *op, const gd_l2_norm *a, gd_error *err) {
    if (a->eps > 0 && isfinite(a->eps)) return GD_OK;
    return gd_fail(err, GD_ERR_ARG, "%s: eps %g, wanted above 0", op, (double)a->eps);
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    GD_TRY(check_eps("l2_norm", l->attr, err));
    GD_TRY(gdk_check_vectors(l, "l2_norm", 1, err));
    return gd_infer_same(l, err);
}

/* In: d_y, x, weight. Out: d_x, d_weight. */
static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    GD_TRY(check_eps("l2_norm_bwd", l->attr, err));
    GD_TRY(gdk_check_pair(l, "l2_norm_bwd", err));
    GD_TRY(gdk_check_vectors(l, "l2_norm_bwd", 2, err));
    gd_infer_like(l->out[1], l->in[2]);
    return gd_infer_same(l, err);
}

static void cost(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 4, c); }
static void cost_bwd(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 9, c); }

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const int args[3] = {d_out[0], n->in[0], n->in[1]};
    return gd_graph_add(g, "l2_norm_bwd", n->attr, 3, args, d_in, err);
}

const gd_op gd_op_l2_norm = {
    .name = "l2_norm",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .flags = GD_OP_INPLACE | GD_OP_HALF_FOLLOW,
    .wide_in = 0x2,
    .attr_fields = fields,
    .attr_size = sizeof(gd_l2_norm),
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("l2_norm_cpu_f32", GD_F32, gdk_l2_norm_cpu_f32),
                                   GD_REF_ROWS(l2_norm),
                                   {0}},
};

const gd_op gd_op_l2_norm_bwd = {
    .name = "l2_norm_bwd",
    .min_in = 3,
    .max_in = 3,
    .n_out = 2,
    .flags = GD_OP_HALF_FOLLOW,
    .wide_in = 0x4,
    .attr_fields = fields,
    .attr_size = sizeof(gd_l2_norm),
    .infer = infer_bwd,
    .cost = cost_bwd,
    .kernels =
        (const gd_kernel[]){{GD_CPU_ROW("l2_norm_bwd_cpu_f32", GD_F32, gdk_l2_norm_bwd_cpu_f32),
                             .scratch = gdk_l2_norm_bwd_cpu_scratch},
                            GD_REF_ROWS(l2_norm_bwd),
                            {0}},
};
