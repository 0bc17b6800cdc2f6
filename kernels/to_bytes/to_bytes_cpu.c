/* to_bytes_cpu.c -- values to pixels on threads, in code that compilers vectorise. */
#include "kernels/arg.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/spread.h"
#include "kernels/to_bytes/to_bytes.h"

/* Adding 1.5 * 2^23 leaves the nearest whole number, even at a half, in the low bits. */
GD_ISA_BODY void bytes_body(const float *x, uint8_t *y, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        float v = x[i] > 0 ? x[i] : 0;
        v = v < 255 ? v : 255;
        const float rounded = (v + 12582912.0f) - 12582912.0f;
        y[i] = (uint8_t)(int32_t)rounded;
    }
}
GD_ISA(bytes, (const float *x, uint8_t *y, int64_t n), (x, y, n))

static void span(void *ctx, int64_t first, int64_t last) {
    const gd_launch *l = ctx;
    const int64_t    C = gd_tensor_channels(l->in[0]);
    if (gd_tensor_dense(l->in[0]) && gd_tensor_dense(l->out[0])) {
        bytes(GD_AT(const float, l->in[0], first), GD_AT(uint8_t, l->out[0], first),
              (last - first) * C);
        return;
    }
    for (int64_t p = first; p < last; p++)
        bytes(GD_AT(const float, l->in[0], p), GD_AT(uint8_t, l->out[0], p), C);
}

gd_status gdk_to_bytes_cpu_f32(const gd_launch *l, gd_error *err) {
    gd_launch copy = *l;
    (void)err;
    gdk_spread_pixels(gd_tensor_pixels(l->in[0]), 5 * (size_t)gd_tensor_channels(l->in[0]),
                      span, &copy);
    return GD_OK;
}
