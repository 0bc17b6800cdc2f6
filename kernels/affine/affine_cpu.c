/* affine_cpu.c -- affine where it was not folded: memory-bound. */
#include "kernels/affine/affine.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/norm_back.h"
#include "kernels/cpu/spread.h"

#define PIXEL (const float *x, const float *scale, const float *shift, float *y, int64_t n)

GD_ISA_BODY void affine_body PIXEL {
#pragma omp                  simd
    for (int64_t c = 0; c < n; c++) y[c] = x[c] * scale[c] + shift[c];
}
GD_ISA(affine, PIXEL, (x, scale, shift, y, n))

static void affine_pixels(void *ctx, int64_t first, int64_t last) {
    const gd_launch *l = ctx;
    for (int64_t p = first; p < last; p++)
        affine((const float *)l->in[0]->data + p * l->in[0]->pitch, l->in[1]->data,
               l->in[2]->data, (float *)l->out[0]->data + p * l->out[0]->pitch,
               gd_tensor_channels(l->in[0]));
}

gd_status gdk_affine_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gd_launch copy = *l;
    gdk_spread_pixels(gd_tensor_pixels(l->in[0]),
                      (size_t)gd_tensor_channels(l->in[0]) * 2 * sizeof(float), affine_pixels,
                      &copy);
    return GD_OK;
}

size_t gdk_affine_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_sums_scratch(gd_tensor_pixels(l->in[0]), 2 * gd_tensor_channels(l->in[0]));
}

gd_status gdk_affine_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = gd_tensor_channels(l->in[0]), P = gd_tensor_pixels(l->in[0]);
    const double *sum = gdk_norm_back_sums(l->in[0], l->in[1], 0, P, NULL, l->scratch);
    for (int64_t c = 0; c < C; c++) {
        ((float *)l->out[1]->data)[c] = (float)sum[C + c];
        ((float *)l->out[2]->data)[c] = (float)sum[c];
    }
    const gdk_norm_back b = {
        .d = l->in[0], .x = l->in[1], .out = l->out[0], .scale = l->in[2]->data};
    gdk_norm_back_store(&b, 0, P);
    return GD_OK;
}
