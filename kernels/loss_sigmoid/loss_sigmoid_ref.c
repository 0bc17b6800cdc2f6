/* loss_sigmoid_ref.c -- the definition of sigmoid cross-entropy and of the focal loss. */
#include "kernels/loss_sigmoid/loss_sigmoid.h"

#include <tgmath.h>

#include "kernels/loss/loss_ref.h"

/* Of one logit: p and 1 - p, neither by subtraction; how wrong p is; the cross-entropy. */
typedef struct logit {
    gd_real t, p, q, wrong, entropy, alpha;
} logit;

static gd_real target_of(const gdk_loss_in *in, int64_t r, int64_t c) {
    if (in->target->dtype != GD_I32) return gd_pixel(in->target, r)[c];
    if (gdk_loss_label(in->target, r) != c) return 0;
    return in->extra ? gd_loss_value(in->extra, r) : 1;
}

static logit logit_of(const gdk_loss_in *in, int64_t r, int64_t c) {
    const gd_sigmoid_focal *a = in->attr;
    const gd_real           x = gd_pixel(in->pred, r)[c], e = exp(-fabs(x)), alpha = a->alpha;
    logit                   v = {.t = target_of(in, r, c)};
    v.p = (x >= 0 ? 1 : e) / (1 + e);
    v.q = (x >= 0 ? e : 1) / (1 + e);
    v.wrong = v.p * (1 - v.t) + v.q * v.t;
    v.entropy = (x > 0 ? x : 0) - x * v.t + log1p(e);
    v.alpha = alpha < 0 ? 1 : alpha * v.t + (1 - alpha) * (1 - v.t);
    return v;
}

static bool known(const gdk_loss_in *in, int64_t r) {
    if (in->target->dtype != GD_I32) return true;
    const int32_t label = gdk_loss_label(in->target, r);
    return label >= -1 && label < in->C;
}

static gd_real row(const gdk_loss_in *in, int64_t r) {
    const gd_real gamma = ((const gd_sigmoid_focal *)in->attr)->gamma;
    gd_real       sum = 0;
    if (!known(in, r)) return 0;
    for (int64_t c = 0; c < in->C; c++) {
        const logit v = logit_of(in, r, c);
        sum += v.alpha * pow(v.wrong, gamma) * v.entropy;
    }
    return sum;
}

/* d entropy / dx = p - t and d wrong / dx = p (1 - p) (1 - 2 t). */
static void row_bwd(const gdk_loss_in *in, int64_t r, gd_real scale, gd_real *d) {
    const gd_real gamma = ((const gd_sigmoid_focal *)in->attr)->gamma;
    for (int64_t c = 0; c < in->C; c++) {
        const logit   v = logit_of(in, r, c);
        const gd_real d_entropy = v.p * (1 - v.t) - v.q * v.t;
        const gd_real d_wrong = v.p * v.q * (1 - 2 * v.t);
        gd_real       slope = pow(v.wrong, gamma) * d_entropy;
        if (gamma > 0) slope += gamma * pow(v.wrong, gamma - 1) * d_wrong * v.entropy;
        d[c] = known(in, r) ? scale * v.alpha * slope : 0;
    }
}

gd_status GD_REF(sigmoid_focal)(const gd_launch *l, gd_error *err) {
    (void)err;
    return gd_loss_forward(l, row);
}

gd_status GD_REF(sigmoid_focal_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    return gd_loss_backward(l, row_bwd);
}
