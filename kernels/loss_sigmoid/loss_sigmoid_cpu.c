/* loss_sigmoid_cpu.c -- sigmoid cross-entropy and the focal loss, vectorised over the classes.
 *
 * Each block of LANES logits is gathered with its targets, so that one body serves both forms
 * of the target. Partial sums are added in a fixed order: the same bits whatever the
 * instruction set. */
#include <math.h>

#include "kernels/arg.h"
#include "kernels/cpu/vmath.h"
#include "kernels/loss_sigmoid/loss_sigmoid.h"

enum { LANES = 16 };

/* log(1 + e) for 0 <= e <= 1: 2 atanh(e / (2 + e)), whose argument is below 1/3. */
GD_ISA_BODY float log1p_of(float e) {
    const float s = e / (2.0f + e), z = s * s;
    float       p = 0.06666667f;
    p = p * z + 0.07692308f;
    p = p * z + 0.09090909f;
    p = p * z + 0.11111111f;
    p = p * z + 0.14285714f;
    p = p * z + 0.2f;
    p = p * z + 0.33333333f;
    return 2.0f * s + 2.0f * s * z * p;
}

/* The target of a row: values, or one class that has `value`. */
typedef struct target {
    const float *values; /* NULL: label and value; else label is -1 */
    int32_t      label;
    float        value;
} target;

static target target_of(const gdk_loss_in *in, int64_t r) {
    target t = {.label = -1, .value = 1};
    if (in->target->dtype != GD_I32) {
        t.values = GD_AT(const float, in->target, r);
    } else {
        t.label = gdk_loss_label(in->target, r);
        if (in->extra) t.value = ((const float *)in->extra->data)[gdk_loss_at(in->extra, r)];
    }
    return t;
}

/* Losses of LANES logits and, where slope is not NULL, their slopes. `before` is wrong^(gamma -
 * 1); no power is taken where gamma is 0, 1 or 2. */
GD_ISA_BODY void block_body(const float *x, const float *t, const gd_sigmoid_focal *a, float *e,
                            float *slope) {
    const float gamma = a->gamma, alpha = a->alpha;
    float       wrong[LANES], factor[LANES], before[LANES], entropy[LANES], p[LANES], q[LANES];
#pragma omp simd
    for (int k = 0; k < LANES; k++) {
        const float far = gd_exp_f32(x[k] < 0 ? x[k] : -x[k]), inv = 1.0f / (1.0f + far);
        p[k] = x[k] >= 0 ? inv : far * inv;
        q[k] = x[k] >= 0 ? far * inv : inv;
        wrong[k] = p[k] * (1.0f - t[k]) + q[k] * t[k];
        entropy[k] = (x[k] > 0 ? x[k] : 0.0f) - x[k] * t[k] + log1p_of(far);
        factor[k] = alpha < 0 ? 1.0f : alpha * t[k] + (1.0f - alpha) * (1.0f - t[k]);
    }
    if (gamma == 2)
        for (int k = 0; k < LANES; k++) before[k] = wrong[k];
    else
        for (int k = 0; k < LANES; k++)
            before[k] = gamma > 1 ? powf(wrong[k], gamma - 1.0f) : 1.0f;
    if (gamma > 0)
        for (int k = 0; k < LANES; k++) wrong[k] *= before[k];
    else
        for (int k = 0; k < LANES; k++) wrong[k] = 1.0f;
    for (int k = 0; k < LANES; k++) e[k] = factor[k] * wrong[k] * entropy[k];
    if (!slope) return;
    for (int k = 0; k < LANES; k++) {
        const float d_entropy = p[k] * (1.0f - t[k]) - q[k] * t[k];
        const float d_wrong = p[k] * q[k] * (1.0f - 2.0f * t[k]);
        slope[k] =
            factor[k] * (wrong[k] * d_entropy + gamma * before[k] * d_wrong * entropy[k]);
    }
}
GD_ISA(block,
       (const float *x, const float *t, const gd_sigmoid_focal *a, float *e, float *slope),
       (x, t, a, e, slope))

/* Logits c .. c + LANES - 1 of a row and their targets; what is beyond the row is 0. */
static int64_t gather(const float *x, const target *t, int64_t c, int64_t C, float *logit,
                      float *want) {
    const int64_t n = C - c < LANES ? C - c : LANES;
    for (int k = 0; k < LANES; k++) {
        logit[k] = k < n ? x[c + k] : 0;
        want[k] = k >= n ? 0 : t->values ? t->values[c + k] : c + k == t->label ? t->value : 0;
    }
    return n;
}

static float row(const gdk_loss_in *in, int64_t r) {
    const target t = target_of(in, r);
    float        x[LANES], want[LANES], e[LANES], sum[LANES] = {0};
    if (t.label < -1 || t.label >= in->C) return 0;
    for (int64_t c = 0; c < in->C; c += LANES) {
        const int64_t n = gather(GD_AT(const float, in->pred, r), &t, c, in->C, x, want);
        block(x, want, in->attr, e, NULL);
        for (int64_t k = 0; k < n; k++) sum[k] += e[k];
    }
    for (int k = 1; k < LANES; k++) sum[0] += sum[k];
    return sum[0];
}

static void row_bwd(const gdk_loss_in *in, int64_t r, float scale, float *d) {
    const target t = target_of(in, r);
    float        x[LANES], want[LANES], e[LANES], slope[LANES];
    if (t.label < -1 || t.label >= in->C) {
        for (int64_t c = 0; c < in->C; c++) d[c] = 0;
        return;
    }
    for (int64_t c = 0; c < in->C; c += LANES) {
        const int64_t n = gather(GD_AT(const float, in->pred, r), &t, c, in->C, x, want);
        block(x, want, in->attr, e, slope);
        for (int64_t k = 0; k < n; k++) d[c + k] = scale * slope[k];
    }
}

gd_status gdk_sigmoid_focal_cpu_f32(const gd_launch *l, gd_error *err) {
    return gdk_loss_cpu(l, row, err);
}
gd_status gdk_sigmoid_focal_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    return gdk_loss_bwd_cpu(l, row_bwd, err);
}
