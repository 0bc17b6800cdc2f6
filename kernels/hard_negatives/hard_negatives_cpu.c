/* hard_negatives_cpu.c -- the mining of negatives: losses of all rows, then one sort each. */
#include <math.h>

#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/cpu/vmath.h"
#include "kernels/hard_negatives/hard_negatives.h"
#include "kernels/rank.h"

size_t gdk_hard_negatives_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const size_t rows = (size_t)(l->in[0]->dim[0] * l->in[0]->dim[1]);
    return rows * (2 * sizeof(uint64_t) + sizeof(float));
}

/* exp(x - top) summed in double, so that the order of rows is that of the definition. */
GD_ISA_BODY void sum_exp_body(const float *x, int64_t n, float top, double *sum) {
    double s = 0;
    for (int64_t c = 0; c < n; c++) s += (double)gd_exp_f32(x[c] - top);
    *sum = s;
}
GD_ISA(sum_exp, (const float *x, int64_t n, float top, double *sum), (x, n, top, sum))

static float loss_of(const float *x, int64_t n, int32_t background) {
    float  top = x[0];
    double sum;
    for (int64_t c = 1; c < n; c++) top = x[c] > top ? x[c] : top;
    sum_exp(x, n, top, &sum);
    return (float)((double)top + log(sum) - (double)x[background]);
}

static void choose(const gd_launch *l, int64_t b, const float *loss, uint64_t *key) {
    const gd_hard_negatives *a = l->attr;
    const int64_t            A = l->in[0]->dim[1];
    const int32_t           *match = GD_AT(const int32_t, l->in[1], b);
    float                   *weight = GD_AT(float, l->out[0], b);
    int64_t                  positives = 0, n = 0;
    for (int64_t i = 0; i < A; i++) {
        weight[i] = match[i] >= 0;
        positives += match[i] >= 0;
        if (match[i] == -1) key[n++] = gdk_rank_key(loss[i], i);
    }
    const double most = (double)a->ratio * (double)positives;
    gdk_rank_sort_stable(key, key + A, n);
    for (int64_t j = 0; j < n && (double)j < most; j++) weight[gdk_rank_index(key[j])] = 1;
}

gd_status gdk_hard_negatives_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_hard_negatives *a = l->attr;
    const int64_t            B = l->in[0]->dim[0], A = l->in[0]->dim[1], C = l->in[0]->dim[2];
    uint64_t                *key = l->scratch;
    float                   *loss = (float *)(void *)(key + 2 * B * A);
#pragma omp parallel for num_threads(gd_cpu_threads()) if (B * A > 256)
    for (int64_t row = 0; row < B * A; row++)
        if (GD_AT(const int32_t, l->in[1], row / A)[row % A] == -1)
            loss[row] = loss_of(GD_AT(const float, l->in[0], row), C, a->background);
#pragma omp parallel for num_threads(gd_cpu_threads()) if (B > 1)
    for (int64_t b = 0; b < B; b++) choose(l, b, loss + b * A, key + 2 * b * A);
    return GD_OK;
}
