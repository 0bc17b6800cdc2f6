/* affine_cpu.c -- affine where it was not folded: memory-bound. */
#include "kernels/affine/affine.h"
#include "kernels/cpu/isa.h"
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
