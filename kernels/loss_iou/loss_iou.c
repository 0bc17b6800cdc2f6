/* loss_iou.c -- what the engine knows about the overlap losses: shapes, gradient, kernels. */
#include "kernels/loss_iou/loss_iou.h"

#include <math.h>

#include "kernels/describe.h"

static const gd_attr_field fields[] = {
    GDK_LOSS_FIELDS(gd_iou_loss),
    {"kind", GD_ATTR_I32, offsetof(gd_iou_loss, kind), 0, GD_IOU_GENERAL},
    {"center", GD_ATTR_I32, offsetof(gd_iou_loss, center), 0, 0},
    {"eps", GD_ATTR_F32, offsetof(gd_iou_loss, eps), 0, (double)1e-7f},
    {0}};

static gd_status check(const gd_launch *l, const char *op, int first, gd_error *err) {
    const gd_iou_loss *a = l->attr;
    if (a->kind < GD_IOU_LINEAR || a->kind > GD_IOU_GENERAL || a->center < 0 || a->center > 1 ||
        !(a->eps >= 0) || !isfinite(a->eps))
        return gd_fail(err, GD_ERR_ARG, "%s: kind %d, center %d, eps %g", op, (int)a->kind,
                       (int)a->center, (double)a->eps);
    GD_TRY(gdk_loss_infer(l, op, first, err));
    if (gd_tensor_channels(l->in[first]) != 4)
        return gd_fail_input(err, op, first, l->in[first], "boxes [..., 4]");
    return gdk_loss_want_values(l, op, first, 4, err);
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    return check(l, "iou_loss", 0, err);
}
static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    return check(l, "iou_loss_bwd", 1, err);
}

static void cost(const gd_launch *l, gd_cost *c) {
    gdk_cost_each(l, 8 * (double)gd_tensor_count(l->in[0]), c);
}
static void cost_bwd(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 14, c); }

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    return gdk_loss_grad(g, n, "iou_loss_bwd", d_out, d_in, err);
}

gd_status gdk_iou_loss_cpu_f32(const gd_launch *l, gd_error *err) {
    return gdk_loss_cpu(l, gdk_iou_loss_row_ref_f32, err);
}
gd_status gdk_iou_loss_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    return gdk_loss_bwd_cpu(l, gdk_iou_loss_slope_ref_f32, err);
}

const gd_op gd_op_iou_loss = {
    .name = "iou_loss",
    .min_in = 2,
    .max_in = 4,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_iou_loss),
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .kernels = (const gd_kernel[]){GDK_LOSS_CPU(iou_loss), GD_REF_ROWS(iou_loss), {0}},
};

const gd_op gd_op_iou_loss_bwd = {
    .name = "iou_loss_bwd",
    .min_in = 3,
    .max_in = 5,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_iou_loss),
    .infer = infer_bwd,
    .cost = cost_bwd,
    .kernels = (const gd_kernel[]){GDK_LOSS_BWD_CPU(iou_loss), GD_REF_ROWS(iou_loss_bwd), {0}},
};
