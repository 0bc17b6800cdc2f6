/* batch_norm_cpu.c -- batch norm at inference where it was not folded: memory-bound.
 *
 * The scale of each channel is computed once a run into scratch. */
#include <math.h>

#include "kernels/batch_norm/batch_norm.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/spread.h"

#define PIXEL                                                                            \
    (const float *x, const float *mean, const float *scale, const float *beta, float *y, \
     int64_t n)

GD_ISA_BODY void normalise_body PIXEL {
#pragma omp                     simd
    for (int64_t c = 0; c < n; c++) y[c] = (x[c] - mean[c]) * scale[c] + beta[c];
}
GD_ISA(normalise, PIXEL, (x, mean, scale, beta, y, n))

static void normalise_pixels(void *ctx, int64_t first, int64_t last) {
    const gd_launch *l = ctx;
    const int64_t    C = gd_tensor_channels(l->in[0]);
    for (int64_t p = first; p < last; p++)
        normalise((const float *)l->in[0]->data + p * l->in[0]->pitch, l->in[3]->data,
                  l->scratch, l->in[2]->data, (float *)l->out[0]->data + p * l->out[0]->pitch,
                  C);
}

gd_status gdk_batch_norm_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gd_launch     copy = *l;
    const int64_t C = gd_tensor_channels(l->in[0]);
    const float   eps = ((const gd_batch_norm *)l->attr)->eps;
    const float  *gamma = l->in[1]->data, *var = l->in[4]->data;
    float        *scale = l->scratch;
    for (int64_t c = 0; c < C; c++) scale[c] = gamma[c] / sqrtf(var[c] + eps);
    gdk_spread_pixels(gd_tensor_pixels(l->in[0]), (size_t)C * 2 * sizeof(float),
                      normalise_pixels, &copy);
    return GD_OK;
}
