/* sums.h -- sums over the pixels of a tensor, many at once, in an order that only their number
 * decides.
 *
 * The pixels are cut into parts; each part fills a row of `columns` floats by itself (a sum of
 * squares about a mean, of products ...), and the rows are added in order, in double. Neither
 * the number of threads nor their speed changes a bit. The gradients of biases and of norms are
 * made of such sums. */
#ifndef GD_KERNELS_CPU_SUMS_H
#define GD_KERNELS_CPU_SUMS_H

#include "engine/op.h"

/* Adds the sums over pixels [first, last) to sum[columns], which are 0. */
typedef void (*gdk_sums_fn)(const void *ctx, int64_t first, int64_t last, float *sum);

/* Bytes of scratch that gdk_sums wants, a multiple of 64. */
size_t gdk_sums_scratch(int64_t pixels, int64_t columns);
/* The sums over all pixels, in scratch. f is called from many threads; a part may also write
 * what belongs to its pixels. */
const double *gdk_sums(int64_t pixels, int64_t columns, gdk_sums_fn f, const void *ctx,
                       void *scratch);

/* Means, then sums of squares about them, of the channels over pixels [first, first + pixels)
 * of x: 2 C doubles in scratch, which has gdk_sums_scratch(pixels, 2 C) bytes. Each part takes
 * its squares about a mean of its own while it is in the cache: one pass over memory. */
const double *gdk_moments(const gd_tensor *x, int64_t first, int64_t pixels, void *scratch);

/* What parts are made of, over n channels of adjacent pixels; pitches in floats. */
typedef struct gdk_span {
    const float *d, *x;
    int64_t      d_pitch, x_pitch, pixels, n;
} gdk_span;
/* sum[c] += d[c] */
void gdk_span_sum(const gdk_span *s, float *sum);
/* sum[c] += d[c]; dot[c] += d[c] * (x[c] - mean[c]); mean NULL: 0 */
void gdk_span_dot(const gdk_span *s, const float *mean, float *sum, float *dot);

#endif
