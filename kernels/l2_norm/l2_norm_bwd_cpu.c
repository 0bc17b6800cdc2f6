/* l2_norm_bwd_cpu.c -- the gradient of L2 normalisation: a pixel at a time, in one pass over
 * memory. A part of the pixels has its own sums for d_weight (cpu/sums.h). */
#include <math.h>

#include "kernels/arg.h"
#include "kernels/cpu/lanes.h"
#include "kernels/cpu/sums.h"
#include "kernels/l2_norm/l2_norm.h"

#define PIXEL                                                                               \
    (const float *d, const float *x, const float *weight, float eps, float *out, int64_t n, \
     float *d_weight)

/* As the definition: where eps takes the place of the length, that is a constant. */
GD_ISA_BODY void back_pixel_body PIXEL {
    float square, dot;
    GD_LANES_SUM(square, n, x[i] * x[i]);
    GD_LANES_SUM(dot, n, d[i] * weight[i] * x[i]);
    const float length = sqrtf(square), by = length < eps ? eps : length;
    if (length < eps) dot = 0;
    const float share = dot / (by * by);
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        d_weight[i] += d[i] * x[i] / by;
        out[i] = (d[i] * weight[i] - x[i] * share) / by;
    }
}
GD_ISA(back_pixel, PIXEL, (d, x, weight, eps, out, n, d_weight))

static void part(const void *ctx, int64_t first, int64_t last, float *sum) {
    const gd_launch *l = ctx;
    for (int64_t p = first; p < last; p++)
        back_pixel(GD_AT(const float, l->in[0], p), GD_AT(const float, l->in[1], p),
                   l->in[2]->data, ((const gd_l2_norm *)l->attr)->eps,
                   GD_AT(float, l->out[0], p), gd_tensor_channels(l->in[0]), sum);
}

size_t gdk_l2_norm_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_sums_scratch(gd_tensor_pixels(l->in[0]), gd_tensor_channels(l->in[0]));
}

gd_status gdk_l2_norm_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = gd_tensor_channels(l->in[0]);
    const double *sum = gdk_sums(gd_tensor_pixels(l->in[0]), C, part, l, l->scratch);
    for (int64_t c = 0; c < C; c++) ((float *)l->out[1]->data)[c] = (float)sum[c];
    return GD_OK;
}
