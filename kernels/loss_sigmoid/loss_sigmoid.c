/* loss_sigmoid.c -- what the engine knows about sigmoid cross-entropy and the focal loss. */
#include "kernels/loss_sigmoid/loss_sigmoid.h"

#include <math.h>

#include "kernels/describe.h"

static const gd_attr_field fields[] = {
    GDK_LOSS_FIELDS(gd_sigmoid_focal),
    {"alpha", GD_ATTR_F32, offsetof(gd_sigmoid_focal, alpha), 0, -1},
    {"gamma", GD_ATTR_F32, offsetof(gd_sigmoid_focal, gamma), 0, 0},
    {0}};

static gd_status check(const gd_launch *l, const char *op, int first, gd_error *err) {
    const gd_sigmoid_focal *a = l->attr;
    if (!(a->alpha <= 1) || !isfinite(a->alpha) || !isfinite(a->gamma) ||
        (a->gamma != 0 && !(a->gamma >= 1)))
        return gd_fail(
            err, GD_ERR_ARG,
            "%s: alpha %g, gamma %g: wanted alpha up to 1, and gamma 0 or at least 1", op,
            (double)a->alpha, (double)a->gamma);
    GD_TRY(gdk_loss_infer(l, op, first, err));
    const gdk_loss_in in = gdk_loss_read(l, first);
    if (in.target->dtype != GD_I32) {
        if (in.extra)
            return gd_fail_input(err, op, first + 4, in.extra, "no value beside such a target");
        return gdk_loss_want_values(l, op, first, in.C, err);
    }
    if (in.extra && (in.extra->dtype != in.pred->dtype || !gdk_loss_each(&in, in.extra)))
        return gd_fail_input(err, op, first + 4, in.extra, "floats, one for each row");
    return gdk_loss_want_labels(l, op, first, 1, err);
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    return check(l, "sigmoid_focal", 0, err);
}
static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    return check(l, "sigmoid_focal_bwd", 1, err);
}

static void cost(const gd_launch *l, gd_cost *c) {
    gdk_cost_each(l, 12 * (double)gd_tensor_count(l->in[0]), c);
}
static void cost_bwd(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 20, c); }

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    return gdk_loss_grad(g, n, "sigmoid_focal_bwd", d_out, d_in, err);
}

const gd_op gd_op_sigmoid_focal = {
    .name = "sigmoid_focal",
    .min_in = 2,
    .max_in = 5,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_sigmoid_focal),
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .kernels =
        (const gd_kernel[]){GDK_LOSS_CPU(sigmoid_focal), GD_REF_ROWS(sigmoid_focal), {0}},
};

const gd_op gd_op_sigmoid_focal_bwd = {
    .name = "sigmoid_focal_bwd",
    .min_in = 3,
    .max_in = 6,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_sigmoid_focal),
    .infer = infer_bwd,
    .cost = cost_bwd,
    .kernels = (const gd_kernel[]){GDK_LOSS_BWD_CPU(sigmoid_focal),
                                   GD_REF_ROWS(sigmoid_focal_bwd),
                                   {0}},
};
