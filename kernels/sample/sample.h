/* sample.h -- attributes of the balanced draw of rows from each picture.
 *
 *   match I32[B,A] (see match.h), rng I32[4]
 *   ->  index I32[B,n], drawn match I32[B,n], positives I32[B], count I32[B]
 *
 * Rows with match >= 0 are positive, -1 negative, others are not drawn. Of each picture at most
 * fraction * n positives are drawn (rounded down), then as many negatives as are missing to n:
 * the numbers of torchvision's BalancedPositiveNegativeSampler. index holds the positives, then
 * the negatives, each in the order of their keys; the rest is -1, with a match of -2. positives
 * and count say how many of them there are.
 *
 * A row's key is the first word of Philox (sample_key.h) and its index: the draw is the rows
 * with the smallest keys, the same on every device. rng is seed low, seed high, step low, step
 * high; `stream` tells the draws of one step apart. */
#ifndef GD_KERNELS_SAMPLE_H
#define GD_KERNELS_SAMPLE_H

#include "kernels/rows.h"

typedef struct gd_sample {
    int32_t n;
    float   fraction;
    int32_t stream;
} gd_sample;

/* The most positives that are drawn. */
static inline int64_t gdk_sample_positives(const gd_sample *a) {
    return (int64_t)((double)a->n * (double)a->fraction);
}

gd_status gdk_sample_ref_f32(const gd_launch *l, gd_error *err);
size_t    gdk_sample_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_sample_cpu_i32(const gd_launch *l, gd_error *err);

#endif
