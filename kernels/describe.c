/* describe.c -- see describe.h. */
#include "kernels/describe.h"

#include <stdio.h>

#include "kernels/arg.h"

static double bytes_of(const gd_tensor *t) {
    return (double)gd_tensor_count(t) * (double)gd_dtype_size(t->dtype);
}

void gdk_cost_each(const gd_launch *l, double flop, gd_cost *c) {
    c->flop = flop * (double)gd_tensor_count(l->out[0]);
    c->bytes = 0;
    for (int i = 0; i < l->n_in; i++)
        if (l->in[i]) c->bytes += bytes_of(l->in[i]);
    for (int i = 0; i < l->n_out; i++) c->bytes += bytes_of(l->out[i]);
}

gd_status gdk_check_vectors(const gd_launch *l, const char *op, int from, gd_error *err) {
    const gd_tensor *x = l->in[0];
    const gd_dtype   want = gdk_wide(x->dtype);
    char             text[64];
    if (x->ndim < 1 || !gd_dtype_is_float(x->dtype))
        return gd_fail_input(err, op, 0, x, "floating-point values and channels");
    for (int i = from; i < l->n_in; i++) {
        const gd_tensor *v = l->in[i];
        if (v->ndim == 1 && v->dim[0] == gd_tensor_channels(x) && v->dtype == want) continue;
        snprintf(text, sizeof text, "%s[%lld], one for each channel", gd_dtype_name(want),
                 (long long)gd_tensor_channels(x));
        return gd_fail_input(err, op, i, v, text);
    }
    return GD_OK;
}

gd_status gdk_check_pair(const gd_launch *l, const char *op, gd_error *err) {
    char text[GD_SHAPE_TEXT];
    if (gd_tensor_same_shape(l->in[0], l->in[1]) && l->in[0]->dtype == l->in[1]->dtype)
        return GD_OK;
    return gd_fail_input(err, op, 1, l->in[1], gd_tensor_text(l->in[0], text));
}
