/* window.h -- arithmetic of sliding windows, shared by convolution and pooling.
 *
 *   input   0 ......................... in-1
 *   window  start = out * stride - pad,  taps at start + k * dilation,  k = 0 .. size-1
 *
 * A tap outside the input reads padding. */
#ifndef GD_KERNELS_WINDOW_H
#define GD_KERNELS_WINDOW_H

#include "engine/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Outputs along one axis, or 0 when no window fits. Arguments are below 2^31. */
static inline int64_t gdk_window_count(int64_t in, int64_t size, int64_t stride, int64_t before,
                                       int64_t after, int64_t dilation) {
    const int64_t room = in + before + after - ((size - 1) * dilation + 1);
    return room < 0 ? 0 : room / stride + 1;
}

/* The first and one past the last tap that lie inside the input. */
static inline void gdk_window_taps(int64_t start, int64_t in, int64_t size, int64_t dilation,
                                   int64_t *first, int64_t *end) {
    int64_t a = start < 0 ? (-start + dilation - 1) / dilation : 0;
    int64_t b = start < in ? (in - start + dilation - 1) / dilation : 0;
    if (b > size) b = size;
    if (a > b) a = b;
    *first = a;
    *end = b;
}

/* True when every extent of t fits into 31 bits, as window arithmetic wants. */
static inline bool gdk_window_dims_ok(const gd_tensor *t) {
    for (int i = 0; i < t->ndim; i++)
        if (t->dim[i] < 0 || t->dim[i] > INT32_MAX) return false;
    return true;
}

#ifdef __cplusplus
}
#endif
#endif
