/* spread.h -- deals the elements, or the pixels, of a launch out to the thread pool. */
#ifndef GD_KERNELS_CPU_SPREAD_H
#define GD_KERNELS_CPU_SPREAD_H

#include "engine/op.h"

/* y[i] = f(a[i], b[i]) for n adjacent elements; b is NULL for functions of one input. */
typedef void (*gdk_span_f32)(const float *a, const float *b, float *y, int64_t n,
                             const void *attr);
/* out[0] = f(in[0] [, in[1]]), all of one shape, any pitch. */
void gdk_spread_f32(const gd_launch *l, gdk_span_f32 f);

/* f(ctx, first, last) over pixels [0, n), in chunks of about `grain` bytes of work each; serial
 * where there is too little to share. */
typedef void (*gdk_pixels_fn)(void *ctx, int64_t first, int64_t last);
void gdk_spread_pixels(int64_t n, size_t bytes_per_pixel, gdk_pixels_fn f, void *ctx);

/* Copies `pixels` channel vectors of `width` bytes; strides in bytes. */
void gdk_copy_pixels(void *dst, size_t dst_stride, const void *src, size_t src_stride,
                     int64_t pixels, size_t width);

#endif
