/* conv2d_phase.h -- the gradient of a convolution's input, taken apart into convolutions.
 *
 * Along one axis, input pixel h gets dy[p] * w[r] from all p, r with p * stride - pad + r *
 * dilation = h. Inputs that are alike modulo the stride, h = a + stride * i, meet the same taps
 * r, every `step`-th from `first` on, and with the taps in reverse order, t = taps - 1 .. 0,
 *
 *   dx[a + stride * i] = sum over t of dy[i - pad' + t * dilation'] * w[last - t * step]
 *
 * which is a convolution of stride 1: one for each residue a. Every tap belongs to one. */
#ifndef GD_KERNELS_CONV2D_CONV2D_PHASE_H
#define GD_KERNELS_CONV2D_CONV2D_PHASE_H

#include <stdint.h>

#include "kernels/cuda/host_device.h"

typedef struct gdk_phase {
    int32_t count;         /* input pixels of this residue */
    int32_t taps;          /* 0: they get nothing */
    int32_t first, step;   /* taps of the filter: first + i * step */
    int32_t dilation, pad; /* of the convolution; pad may be negative */
} gdk_phase;

static inline GD_HOST_DEVICE int32_t gdk_phase_gcd(int32_t a, int32_t b) {
    while (b) {
        const int32_t c = a % b;
        a = b;
        b = c;
    }
    return a;
}

/* Residue a of an axis of `size` input pixels under a filter of R taps. */
static inline GD_HOST_DEVICE gdk_phase gdk_phase_of(int32_t size, int32_t R, int32_t stride,
                                                    int32_t pad, int32_t dilation, int32_t a) {
    const int32_t common = gdk_phase_gcd(stride, dilation);
    gdk_phase     f = {0, 0, 0, stride / common, dilation / common, 0};
    f.count = a < size ? (size - a + stride - 1) / stride : 0;
    while (f.first < f.step && (a + pad - f.first * (dilation % stride)) % stride) f.first++;
    if (f.first == f.step || f.first >= R) return f;
    f.taps = (R - 1 - f.first) / f.step + 1;
    f.pad = (f.taps - 1) * f.dilation - (a + pad - f.first * dilation) / stride;
    return f;
}

/* The residue that tap r belongs to, and its place among the taps there, in their new order. */
static inline GD_HOST_DEVICE int32_t gdk_phase_of_tap(int32_t R, int32_t stride, int32_t pad,
                                                      int32_t dilation, int32_t r,
                                                      int32_t *place) {
    const int32_t step = stride / gdk_phase_gcd(stride, dilation);
    const int32_t last = (R - 1 - r % step) / step; /* taps - 1 */
    const int32_t a = (int32_t)(((int64_t)r * dilation - pad) % stride);
    *place = last - r / step;
    return a < 0 ? a + stride : a;
}

#endif
