/* loss_l1.c -- what the engine knows about smooth L1: shapes, gradient, kernels. */
#include "kernels/loss_l1/loss_l1.h"

#include <math.h>
#include <stdio.h>

#include "kernels/describe.h"

static const gd_attr_field fields[] = {
    GDK_LOSS_FIELDS(gd_smooth_l1),
    {"beta", GD_ATTR_F32, offsetof(gd_smooth_l1, beta), 0, 1},
    {0}};

static gd_status check(const gd_launch *l, const char *op, int first, gd_error *err) {
    const float beta = ((const gd_smooth_l1 *)l->attr)->beta;
    char        text[64];
    if (!(beta >= 0) || !isfinite(beta))
        return gd_fail(err, GD_ERR_ARG, "%s: beta %g, wanted 0 or more", op, (double)beta);
    GD_TRY(gdk_loss_infer(l, op, first, err));
    const gdk_loss_in in = gdk_loss_read(l, first);
    if (!in.extra) return gdk_loss_want_values(l, op, first, in.C, err);
    GD_TRY(gdk_loss_want_labels(l, op, first, 4, err));
    const int64_t C = gd_tensor_channels(in.target);
    GD_TRY(gdk_loss_want_values(l, op, first, C, err));
    if (C >= 1 && in.C % C == 0) return GD_OK;
    snprintf(text, sizeof text, "channels in whole groups of %lld", (long long)C);
    return gd_fail_input(err, op, first, in.pred, text);
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    return check(l, "smooth_l1", 0, err);
}
static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    return check(l, "smooth_l1_bwd", 1, err);
}

static void cost(const gd_launch *l, gd_cost *c) {
    gdk_cost_each(l, 5 * (double)gd_tensor_count(l->in[1]), c);
}
static void cost_bwd(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 5, c); }

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    return gdk_loss_grad(g, n, "smooth_l1_bwd", d_out, d_in, err);
}

gd_status gdk_smooth_l1_cpu_f32(const gd_launch *l, gd_error *err) {
    return gdk_loss_cpu(l, gdk_smooth_l1_row_ref_f32, err);
}
gd_status gdk_smooth_l1_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    return gdk_loss_bwd_cpu(l, gdk_smooth_l1_slope_ref_f32, err);
}

const gd_op gd_op_smooth_l1 = {
    .name = "smooth_l1",
    .min_in = 2,
    .max_in = 5,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_smooth_l1),
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .kernels = (const gd_kernel[]){GDK_LOSS_CPU(smooth_l1), GD_REF_ROWS(smooth_l1), {0}},
};

const gd_op gd_op_smooth_l1_bwd = {
    .name = "smooth_l1_bwd",
    .min_in = 3,
    .max_in = 6,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_smooth_l1),
    .infer = infer_bwd,
    .cost = cost_bwd,
    .kernels =
        (const gd_kernel[]){GDK_LOSS_BWD_CPU(smooth_l1), GD_REF_ROWS(smooth_l1_bwd), {0}},
};
