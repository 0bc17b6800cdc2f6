/* loss.c -- what the engine knows about all losses: common inputs, shapes and gradient. */
#include "kernels/loss/loss.h"

#include <math.h>
#include <stdio.h>

#include "engine/graph.h"

static const gd_tensor *input(const gd_launch *l, int i) {
    return i < l->n_in ? l->in[i] : NULL;
}

gdk_loss_in gdk_loss_read(const gd_launch *l, int first) {
    const gd_tensor *pred = l->in[first];
    return (gdk_loss_in){.pred = pred,
                         .target = l->in[first + 1],
                         .weight = input(l, first + 2),
                         .norm = input(l, first + 3),
                         .extra = input(l, first + 4),
                         .rows = gd_tensor_pixels(pred),
                         .C = gd_tensor_channels(pred),
                         .attr = l->attr};
}

static gd_status check_attr(const gd_loss *a, const char *op, gd_error *err) {
    if (!isfinite(a->factor) || !isfinite(a->min_norm) || !(a->min_norm > 0) ||
        (a->total != 0 && a->total != 1))
        return gd_fail(err, GD_ERR_ARG,
                       "%s: factor %g, min_norm %g, total %d: wanted finite numbers, the "
                       "second above 0, and 0 or 1",
                       op, (double)a->factor, (double)a->min_norm, (int)a->total);
    return GD_OK;
}

static gd_status check_norm(const gdk_loss_in *in, const char *op, int i, gd_dtype type,
                            gd_error *err) {
    char text[96];
    if (!in->norm) return GD_OK;
    if (in->norm->ndim < 1 || gd_tensor_count(in->norm) < 1 ||
        (in->norm->dtype != type && in->norm->dtype != GD_I32))
        return gd_fail_input(err, op, i, in->norm, "floats or I32, at least one");
    if (in->rows % gdk_loss_groups(in) == 0) return GD_OK;
    snprintf(text, sizeof text, "a first axis that divides %lld rows", (long long)in->rows);
    return gd_fail_input(err, op, i, in->norm, text);
}

gd_status gdk_loss_infer(const gd_launch *l, const char *op, int first, gd_error *err) {
    char             text[96];
    const gd_tensor *pred = l->in[first];
    const gd_dtype   type = gd_launch_dtype(l);
    const int64_t    one = 1;
    GD_TRY(check_attr(l->attr, op, err));
    if (pred->ndim < 1 || gd_tensor_count(pred) < 1 || !gd_dtype_is_float(pred->dtype) ||
        pred->dtype != type)
        return gd_fail_input(err, op, first, pred, "floating-point rows, at least one");
    const gdk_loss_in in = gdk_loss_read(l, first);
    snprintf(text, sizeof text, "%s or i32, one for each of %lld rows", gd_dtype_name(type),
             (long long)in.rows);
    if (in.weight && ((in.weight->dtype != type && in.weight->dtype != GD_I32) ||
                      !gdk_loss_each(&in, in.weight)))
        return gd_fail_input(err, op, first + 2, in.weight, text);
    GD_TRY(check_norm(&in, op, first + 3, type, err));
    if (first && (l->in[0]->dtype != type || gd_tensor_count(l->in[0]) != 1))
        return gd_fail_input(err, op, 0, l->in[0], "the gradient of one number");
    if (first)
        gd_infer_like(l->out[0], pred);
    else
        gd_infer_set(l->out[0], type, 1, &one);
    return GD_OK;
}

gd_status gdk_loss_want_labels(const gd_launch *l, const char *op, int first, int i,
                               gd_error *err) {
    char              text[64];
    const gdk_loss_in in = gdk_loss_read(l, first);
    const gd_tensor  *t = l->in[first + i];
    if (t->dtype == GD_I32 && gdk_loss_each(&in, t)) return GD_OK;
    snprintf(text, sizeof text, "i32, one for each of %lld rows", (long long)in.rows);
    return gd_fail_input(err, op, first + i, t, text);
}

gd_status gdk_loss_want_values(const gd_launch *l, const char *op, int first, int64_t C,
                               gd_error *err) {
    char             text[96];
    const gd_tensor *pred = l->in[first], *t = l->in[first + 1];
    if (t->dtype == pred->dtype && t->ndim > 0 && gd_tensor_channels(t) == C &&
        gd_tensor_pixels(t) == gd_tensor_pixels(pred))
        return GD_OK;
    snprintf(text, sizeof text, "%s, %lld rows of %lld", gd_dtype_name(pred->dtype),
             (long long)gd_tensor_pixels(pred), (long long)C);
    return gd_fail_input(err, op, first + 1, t, text);
}

gd_status gdk_loss_grad(gd_graph *g, const gd_node *n, const char *bwd, const int *d_out,
                        int *d_in, gd_error *err) {
    int args[GD_MAX_IN] = {d_out[0]};
    for (int i = 0; i < n->n_in; i++) args[i + 1] = n->in[i];
    return gd_graph_add(g, bwd, n->attr, n->n_in + 1, args, &d_in[0], err);
}
