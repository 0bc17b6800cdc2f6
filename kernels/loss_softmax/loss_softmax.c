/* loss_softmax.c -- what the engine knows about softmax cross-entropy. */
#include "kernels/loss_softmax/loss_softmax.h"

#include "kernels/describe.h"

static const gd_attr_field fields[] = {
    GDK_LOSS_FIELDS(gd_softmax_cross_entropy),
    {"smoothing", GD_ATTR_F32, offsetof(gd_softmax_cross_entropy, smoothing), 0, 0},
    {0}};

static gd_status check(const gd_launch *l, const char *op, int first, gd_error *err) {
    const float s = ((const gd_softmax_cross_entropy *)l->attr)->smoothing;
    if (!(s >= 0 && s <= 1))
        return gd_fail(err, GD_ERR_ARG, "%s: smoothing %g, wanted 0 to 1", op, (double)s);
    GD_TRY(gdk_loss_infer(l, op, first, err));
    return gdk_loss_want_labels(l, op, first, 1, err);
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    return check(l, "softmax_cross_entropy", 0, err);
}
static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    return check(l, "softmax_cross_entropy_bwd", 1, err);
}

static void cost(const gd_launch *l, gd_cost *c) {
    gdk_cost_each(l, 5 * (double)gd_tensor_count(l->in[0]), c);
}
static void cost_bwd(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 7, c); }

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    return gdk_loss_grad(g, n, "softmax_cross_entropy_bwd", d_out, d_in, err);
}

const gd_op gd_op_softmax_cross_entropy = {
    .name = "softmax_cross_entropy",
    .min_in = 2,
    .max_in = 4,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_softmax_cross_entropy),
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .kernels = (const gd_kernel[]){GDK_LOSS_CPU(softmax_cross_entropy),
                                   GD_REF_ROWS(softmax_cross_entropy),
                                   {0}},
};

const gd_op gd_op_softmax_cross_entropy_bwd = {
    .name = "softmax_cross_entropy_bwd",
    .min_in = 3,
    .max_in = 5,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_softmax_cross_entropy),
    .infer = infer_bwd,
    .cost = cost_bwd,
    .kernels = (const gd_kernel[]){GDK_LOSS_BWD_CPU(softmax_cross_entropy),
                                   GD_REF_ROWS(softmax_cross_entropy_bwd),
                                   {0}},
};
