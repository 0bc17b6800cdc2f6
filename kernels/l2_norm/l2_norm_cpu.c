/* l2_norm_cpu.c -- L2 normalisation, a pixel at a time; memory-bound.
 *
 * Sixteen partial sums, added in a fixed order: the same bits whatever the instruction set. */
#include <math.h>

#include "kernels/cpu/isa.h"
#include "kernels/cpu/spread.h"
#include "kernels/l2_norm/l2_norm.h"

enum { LANES = 16 };

#define PIXEL (const float *x, const float *weight, float eps, float *y, int64_t n)

GD_ISA_BODY void normalise_body PIXEL {
    float         sum[LANES] = {0};
    const int64_t whole = n - n % LANES;
    for (int64_t i = 0; i < whole; i += LANES)
        for (int k = 0; k < LANES; k++) sum[k] += x[i + k] * x[i + k];
    for (int64_t i = whole; i < n; i++) sum[i - whole] += x[i] * x[i];
    for (int k = 1; k < LANES; k++) sum[0] += sum[k];
    const float length = sqrtf(sum[0]), by = length < eps ? eps : length;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = weight[i] * (x[i] / by);
}
GD_ISA(normalise, PIXEL, (x, weight, eps, y, n))

static void normalise_pixels(void *ctx, int64_t first, int64_t last) {
    const gd_launch *l = ctx;
    const float      eps = ((const gd_l2_norm *)l->attr)->eps;
    for (int64_t p = first; p < last; p++)
        normalise((const float *)l->in[0]->data + p * l->in[0]->pitch, l->in[1]->data, eps,
                  (float *)l->out[0]->data + p * l->out[0]->pitch,
                  gd_tensor_channels(l->in[0]));
}

gd_status gdk_l2_norm_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gd_launch copy = *l;
    gdk_spread_pixels(gd_tensor_pixels(l->in[0]),
                      (size_t)gd_tensor_channels(l->in[0]) * 3 * sizeof(float),
                      normalise_pixels, &copy);
    return GD_OK;
}
