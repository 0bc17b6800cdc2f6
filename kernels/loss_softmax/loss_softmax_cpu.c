/* loss_softmax_cpu.c -- softmax cross-entropy with vectorised exponentials.
 *
 * Sixteen partial sums, added in a fixed order: the same bits whatever the instruction set. */
#include <math.h>

#include "kernels/arg.h"
#include "kernels/cpu/vmath.h"
#include "kernels/loss_softmax/loss_softmax.h"

enum { LANES = 16 };

/* top: largest of x; sum: of exp(x - top); all: of x - top. */
typedef struct moments {
    float top, sum, all;
} moments;

GD_ISA_BODY void moments_of_body(const float *x, int64_t n, moments *m) {
    float         top[LANES], sum[LANES] = {0}, all[LANES] = {0};
    const int64_t whole = n - n % LANES;
    for (int k = 0; k < LANES; k++) top[k] = -INFINITY;
    for (int64_t i = 0; i < whole; i += LANES)
        for (int k = 0; k < LANES; k++) top[k] = x[i + k] > top[k] ? x[i + k] : top[k];
    for (int64_t i = whole; i < n; i++) top[0] = x[i] > top[0] ? x[i] : top[0];
    for (int k = 1; k < LANES; k++) top[0] = top[k] > top[0] ? top[k] : top[0];
    for (int64_t i = 0; i < whole; i += LANES)
        for (int k = 0; k < LANES; k++) {
            const float v = x[i + k] - top[0];
            sum[k] += gd_exp_f32(v);
            all[k] += v;
        }
    for (int64_t i = whole; i < n; i++) {
        sum[i - whole] += gd_exp_f32(x[i] - top[0]);
        all[i - whole] += x[i] - top[0];
    }
    for (int k = 1; k < LANES; k++) {
        sum[0] += sum[k];
        all[0] += all[k];
    }
    *m = (moments){top[0], sum[0], all[0]};
}
GD_ISA(moments_of, (const float *x, int64_t n, moments *m), (x, n, m))

/* d = scale (exp(x - top) / sum - q) for the classes that are not the label. */
GD_ISA_BODY void slope_body(const float *x, int64_t n, moments m, float scale, float q,
                            float *d) {
#pragma omp      simd
    for (int64_t i = 0; i < n; i++) d[i] = scale * (gd_exp_f32(x[i] - m.top) / m.sum - q);
}
GD_ISA(slope, (const float *x, int64_t n, moments m, float scale, float q, float *d),
       (x, n, m, scale, q, d))

static float row(const gdk_loss_in *in, int64_t r) {
    const float   s = ((const gd_softmax_cross_entropy *)in->attr)->smoothing;
    const float  *x = GD_AT(const float, in->pred, r);
    const int32_t label = gdk_loss_label(in->target, r);
    moments       m;
    if (label < 0 || label >= in->C) return 0;
    moments_of(x, in->C, &m);
    return logf(m.sum) - (1 - s) * (x[label] - m.top) - s * m.all / (float)in->C;
}

static void row_bwd(const gdk_loss_in *in, int64_t r, float scale, float *d) {
    const float   s = ((const gd_softmax_cross_entropy *)in->attr)->smoothing;
    const float  *x = GD_AT(const float, in->pred, r), rest = s / (float)in->C;
    const int32_t label = gdk_loss_label(in->target, r);
    moments       m;
    if (label < 0 || label >= in->C) {
        for (int64_t c = 0; c < in->C; c++) d[c] = 0;
        return;
    }
    moments_of(x, in->C, &m);
    slope(x, in->C, m, scale, rest, d);
    d[label] = scale * (gd_exp_f32(x[label] - m.top) / m.sum - (1 - s + rest));
}

gd_status gdk_softmax_cross_entropy_cpu_f32(const gd_launch *l, gd_error *err) {
    return gdk_loss_cpu(l, row, err);
}
gd_status gdk_softmax_cross_entropy_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    return gdk_loss_bwd_cpu(l, row_bwd, err);
}
