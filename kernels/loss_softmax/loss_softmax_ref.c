/* loss_softmax_ref.c -- the definition of softmax cross-entropy, and of its gradient. */
#include "kernels/loss_softmax/loss_softmax.h"

#include <tgmath.h>

#include "kernels/loss/loss_ref.h"

/* log(sum exp x) = *top + log(*sum) */
static void sum_exp(const gd_real *x, int64_t C, gd_real *top, gd_real *sum) {
    *top = -INFINITY;
    *sum = 0;
    for (int64_t c = 0; c < C; c++) *top = x[c] > *top ? x[c] : *top;
    for (int64_t c = 0; c < C; c++) *sum += exp(x[c] - *top);
}

static gd_real smoothing_of(const gdk_loss_in *in) {
    return ((const gd_softmax_cross_entropy *)in->attr)->smoothing;
}

static gd_real row(const gdk_loss_in *in, int64_t r) {
    const gd_real *x = gd_pixel(in->pred, r), s = smoothing_of(in);
    const int32_t  label = gdk_loss_label(in->target, r);
    gd_real        top, sum, mean = 0;
    if (label < 0 || label >= in->C) return 0;
    sum_exp(x, in->C, &top, &sum);
    for (int64_t c = 0; c < in->C; c++) mean += (x[c] - top) / (gd_real)in->C;
    return log(sum) - (1 - s) * (x[label] - top) - s * mean;
}

static void row_bwd(const gdk_loss_in *in, int64_t r, gd_real scale, gd_real *d) {
    const gd_real *x = gd_pixel(in->pred, r), s = smoothing_of(in);
    const int32_t  label = gdk_loss_label(in->target, r);
    const bool     known = label >= 0 && label < in->C;
    gd_real        top, sum;
    sum_exp(x, in->C, &top, &sum);
    for (int64_t c = 0; c < in->C; c++) {
        const gd_real q = (c == label ? 1 - s : 0) + s / (gd_real)in->C;
        d[c] = known ? scale * (exp(x[c] - top) / sum - q) : 0;
    }
}

gd_status GD_REF(softmax_cross_entropy)(const gd_launch *l, gd_error *err) {
    (void)err;
    return gd_loss_forward(l, row);
}

gd_status GD_REF(softmax_cross_entropy_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    return gd_loss_backward(l, row_bwd);
}
