/* layer_norm.c -- what the engine knows about layer norm: shapes, gradient, kernels. */
#include "kernels/layer_norm/layer_norm.h"

#include <math.h>

#include "engine/graph.h"
#include "kernels/cpu/steps.h"
#include "kernels/describe.h"

static const gd_attr_field fields[] = {
    {"eps", GD_ATTR_F32, offsetof(gd_layer_norm, eps), 0, (double)1e-5f}, {0}};

static gd_status check(const gd_launch *l, int vectors, gd_error *err) {
    const float eps = ((const gd_layer_norm *)l->attr)->eps;
    if (!(eps >= 0) || !isfinite(eps))
        return gd_fail(err, GD_ERR_ARG, "layer_norm: eps %g", (double)eps);
    GD_TRY(gdk_check_vectors(l, "layer_norm", vectors, err));
    if (gd_tensor_channels(l->in[0]) < 1)
        return gd_fail_input(err, "layer_norm", 0, l->in[0], "one or more channels");
    return gd_infer_same(l, err);
}

static gd_status infer(const gd_launch *l, gd_error *err) { return check(l, 1, err); }

/* In: d_y, x, gamma. Out: d_x, d_gamma, d_beta. */
static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    GD_TRY(gdk_check_pair(l, "layer_norm_bwd", err));
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
    return gd_graph_add(g, "layer_norm_bwd", n->attr, 3, args, d_in, err);
}

const gd_op gd_op_layer_norm = {
    .name = "layer_norm",
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .flags = GD_OP_INPLACE | GD_OP_HALF_FOLLOW,
    .wide_in = 6,
    .attr_fields = fields,
    .attr_size = sizeof(gd_layer_norm),
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .kernels = (const gd_kernel[]){{.name = "layer_norm_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .absorbs = GDK_STEPS_UNARY,
                                    .run = gdk_layer_norm_cpu_f32},
                                   GD_REF_ROWS(layer_norm),
                                   {0}},
};

const gd_op gd_op_layer_norm_bwd = {
    .name = "layer_norm_bwd",
    .min_in = 3,
    .max_in = 3,
    .n_out = 3,
    .flags = GD_OP_HALF_FOLLOW,
    .wide_in = 0x4,
    .attr_fields = fields,
    .attr_size = sizeof(gd_layer_norm),
    .infer = infer_bwd,
    .cost = cost_bwd,
    .kernels = (const gd_kernel[]){{GD_CPU_ROW("layer_norm_bwd_cpu_f32", GD_F32,
                                               gdk_layer_norm_bwd_cpu_f32),
                                    .scratch = gdk_layer_norm_bwd_cpu_scratch},
                                   GD_REF_ROWS(layer_norm_bwd),
                                   {0}},
};
