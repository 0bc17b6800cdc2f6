/* hard_negatives.h -- attributes of the choice of negatives that a detector gets most wrong.
 *
 *   logits [B,A,C], match I32[B,A] (see match.h)  ->  weight [B,A]
 *
 * weight is 1 for the positive rows of each picture (match >= 0) and for `ratio` times as many
 * negative ones (-1; rounded up), those with the largest cross-entropy
 * log(sum over c of exp(logit_c)) - logit_background; of equal ones the first. Others are 0.
 * It is the mining of torchvision's SSD. A row whose loss is no number comes last. Not
 * differentiable. */
#ifndef GD_KERNELS_HARD_NEGATIVES_H
#define GD_KERNELS_HARD_NEGATIVES_H

#include "kernels/rows.h"

typedef struct gd_hard_negatives {
    float   ratio;
    int32_t background;
} gd_hard_negatives;

GD_REF_DECLARE(hard_negatives)
size_t    gdk_hard_negatives_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_hard_negatives_cpu_f32(const gd_launch *l, gd_error *err);

#endif
