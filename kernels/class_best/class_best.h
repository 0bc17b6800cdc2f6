/* class_best.h -- the likeliest class of each cell of a dense head.
 *
 *   n inputs of logits [B, H_i, W_i, C]  ->  scores [B, n], labels I32[B, n]
 *
 * n = sum of H_i * W_i, in the order input, row, column. The label is that of the largest
 * logit, of equal ones the lowest, the score its sigmoid. NaN is never the largest; where
 * nothing else is, label and score are 0. No attributes. Not differentiable: losses look at all
 * logits. */
#ifndef GD_KERNELS_CLASS_BEST_H
#define GD_KERNELS_CLASS_BEST_H

#include "kernels/rows.h"

enum { GD_CLASS_BEST_MAX_LEVEL = 4 };

GD_REF_DECLARE(class_best)
gd_status gdk_class_best_cpu_f32(const gd_launch *l, gd_error *err);

#endif
