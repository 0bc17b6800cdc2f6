/* loss_l1_ref.c -- the definition of smooth L1, and of its gradient. */
#include "kernels/loss_l1/loss_l1.h"

#include <tgmath.h>

#include "kernels/loss/loss_ref.h"

/* First channel of pred that is compared; -1: the row is left out. */
static int64_t first_of(const gdk_loss_in *in, int64_t r) {
    const int64_t C = gd_tensor_channels(in->target);
    const int32_t pick = in->extra ? gdk_loss_label(in->extra, r) : 0;
    return pick < 0 || pick >= in->C / C ? -1 : pick * C;
}

gd_real GD_REF(smooth_l1_row)(const gdk_loss_in *in, int64_t r) {
    const gd_real  beta = ((const gd_smooth_l1 *)in->attr)->beta;
    const gd_real *x = gd_pixel(in->pred, r), *t = gd_pixel(in->target, r);
    const int64_t  first = first_of(in, r);
    gd_real        sum = 0;
    if (first < 0) return 0;
    for (int64_t c = 0; c < gd_tensor_channels(in->target); c++) {
        const gd_real d = fabs(x[first + c] - t[c]);
        sum += d < beta ? d * d / (2 * beta) : d - beta / 2;
    }
    return sum;
}

void GD_REF(smooth_l1_slope)(const gdk_loss_in *in, int64_t r, gd_real scale, gd_real *d) {
    const gd_real  beta = ((const gd_smooth_l1 *)in->attr)->beta;
    const gd_real *x = gd_pixel(in->pred, r), *t = gd_pixel(in->target, r);
    const int64_t  first = first_of(in, r);
    for (int64_t c = 0; c < in->C; c++) d[c] = 0;
    if (first < 0) return;
    for (int64_t c = 0; c < gd_tensor_channels(in->target); c++) {
        const gd_real e = x[first + c] - t[c];
        d[first + c] = scale * (fabs(e) < beta ? e / beta : (gd_real)((e > 0) - (e < 0)));
    }
}

gd_status GD_REF(smooth_l1)(const gd_launch *l, gd_error *err) {
    (void)err;
    return gd_loss_forward(l, GD_REF(smooth_l1_row));
}

gd_status GD_REF(smooth_l1_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    return gd_loss_backward(l, GD_REF(smooth_l1_slope));
}
