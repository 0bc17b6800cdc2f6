/* channel_scale_cpu.c -- channel_scale vectorised over channels; memory-bound. */
#include "kernels/arg.h"
#include "kernels/channel_scale/channel_scale.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/norm_back.h"
#include "kernels/cpu/spread.h"

GD_ISA_BODY void scale_body(const float *x, const float *s, float *y, int64_t n) {
#pragma omp      simd
    for (int64_t i = 0; i < n; i++) y[i] = x[i] * s[i];
}
GD_ISA(scale, (const float *x, const float *s, float *y, int64_t n), (x, s, y, n))

static void scale_pixels(void *ctx, int64_t first, int64_t last) {
    const gd_launch *l = ctx;
    const gd_tensor *x = l->in[0], *s = l->in[1], *y = l->out[0];
    const int64_t    plane = x->dim[1] * x->dim[2];
    for (int64_t p = first; p < last; p++)
        scale((const float *)x->data + p * x->pitch,
              (const float *)s->data + p / plane * s->pitch, (float *)y->data + p * y->pitch,
              x->dim[3]);
}

gd_status gdk_channel_scale_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gd_launch copy = *l;
    gdk_spread_pixels(gd_tensor_pixels(l->in[0]), (size_t)l->in[0]->dim[3] * 2 * sizeof(float),
                      scale_pixels, &copy);
    return GD_OK;
}

size_t gdk_channel_scale_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_sums_scratch(l->in[0]->dim[1] * l->in[0]->dim[2], 2 * l->in[0]->dim[3]);
}

/* Picture by picture: each has its own scale and its own sums. */
gd_status gdk_channel_scale_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = l->in[0]->dim[3], plane = l->in[0]->dim[1] * l->in[0]->dim[2];
    for (int64_t n = 0; n < l->in[0]->dim[0]; n++) {
        const double *sum =
            gdk_norm_back_sums(l->in[0], l->in[1], n * plane, plane, NULL, l->scratch);
        const gdk_norm_back b = {.d = l->in[0],
                                 .x = l->in[1],
                                 .out = l->out[0],
                                 .scale = GD_AT(const float, l->in[2], n)};
        for (int64_t c = 0; c < C; c++) GD_AT(float, l->out[1], n)[c] = (float)sum[C + c];
        gdk_norm_back_store(&b, n * plane, plane);
    }
    return GD_OK;
}
