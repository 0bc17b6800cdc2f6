/* layer_norm_bwd_cpu.c -- the gradient of layer norm: a row at a time, in one pass over memory.
 *
 * A part of the rows has its own sums for d_gamma and d_beta (cpu/sums.h). */
#include <math.h>

#include "kernels/arg.h"
#include "kernels/cpu/lanes.h"
#include "kernels/cpu/sums.h"
#include "kernels/layer_norm/layer_norm.h"

#define ROW                                                                                \
    (const float *d, const float *x, const float *gamma, float eps, float *out, int64_t n, \
     float *d_gamma, float *d_beta)

/* With h = (x - mean) invstd and g = d gamma: out = invstd (g - mean(g) - h mean(g h)). */
GD_ISA_BODY void back_row_body ROW {
    float mean, var, sum, dot;
    GD_LANES_SUM(mean, n, x[i]);
    mean /= (float)n;
    GD_LANES_SUM(var, n, (x[i] - mean) * (x[i] - mean));
    const float invstd = 1 / sqrtf(var / (float)n + eps);
    GD_LANES_SUM(sum, n, d[i] * gamma[i]);
    GD_LANES_SUM(dot, n, d[i] * gamma[i] * ((x[i] - mean) * invstd));
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float h = (x[i] - mean) * invstd;
        d_gamma[i] += d[i] * h;
        d_beta[i] += d[i];
        out[i] = invstd * (d[i] * gamma[i] - (sum + h * dot) / (float)n);
    }
}
GD_ISA(back_row, ROW, (d, x, gamma, eps, out, n, d_gamma, d_beta))

static void part(const void *ctx, int64_t first, int64_t last, float *sum) {
    const gd_launch *l = ctx;
    const int64_t    C = gd_tensor_channels(l->in[0]);
    for (int64_t p = first; p < last; p++)
        back_row(GD_AT(const float, l->in[0], p), GD_AT(const float, l->in[1], p),
                 l->in[2]->data, ((const gd_layer_norm *)l->attr)->eps,
                 GD_AT(float, l->out[0], p), C, sum, sum + C);
}

size_t gdk_layer_norm_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_sums_scratch(gd_tensor_pixels(l->in[0]), 2 * gd_tensor_channels(l->in[0]));
}

gd_status gdk_layer_norm_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = gd_tensor_channels(l->in[0]);
    const double *sum = gdk_sums(gd_tensor_pixels(l->in[0]), 2 * C, part, l, l->scratch);
    for (int64_t c = 0; c < C; c++) {
        ((float *)l->out[1]->data)[c] = (float)sum[c];
        ((float *)l->out[2]->data)[c] = (float)sum[C + c];
    }
    return GD_OK;
}
