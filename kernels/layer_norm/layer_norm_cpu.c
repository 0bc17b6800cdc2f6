/* layer_norm_cpu.c -- layer norm, a row at a time: mean, variance about it, values. */
#include <math.h>

#include "kernels/cpu/lanes.h"
#include "kernels/cpu/spread.h"
#include "kernels/cpu/steps.h"
#include "kernels/layer_norm/layer_norm.h"

#define ROW \
    (const float *x, const float *gamma, const float *beta, float eps, float *y, int64_t n)

GD_ISA_BODY void norm_row_body ROW {
    float mean, var;
    GD_LANES_SUM(mean, n, x[i]);
    mean /= (float)n;
    GD_LANES_SUM(var, n, (x[i] - mean) * (x[i] - mean));
    const float invstd = 1 / sqrtf(var / (float)n + eps);
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * invstd * gamma[i] + beta[i];
}
GD_ISA(norm_row, ROW, (x, gamma, beta, eps, y, n))

typedef struct job {
    const gd_launch *l;
    gdk_steps        steps;
} job;

static void norm_rows(void *ctx, int64_t first, int64_t last) {
    const job       *j = ctx;
    const gd_launch *l = j->l;
    const gd_tensor *x = l->in[0], *y = l->out[0];
    const int64_t    C = gd_tensor_channels(x);
    for (int64_t p = first; p < last; p++) {
        norm_row((const float *)x->data + p * x->pitch, l->in[1]->data, l->in[2]->data,
                 ((const gd_layer_norm *)l->attr)->eps, (float *)y->data + p * y->pitch, C);
        gdk_steps_apply(&j->steps, p, 1, 0, C);
    }
}

gd_status gdk_layer_norm_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    job j = {.l = l};
    gdk_steps_read(l, &j.steps);
    gdk_spread_pixels(gd_tensor_pixels(l->in[0]),
                      (size_t)gd_tensor_channels(l->in[0]) * 2 * sizeof(float), norm_rows, &j);
    return GD_OK;
}
