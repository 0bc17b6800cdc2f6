/* match_labels.h -- attributes of class targets and weights of matched rows.
 *
 *   match I32[B,n] (see match.h), gt labels I32[B,G]
 *   ->  label I32[B,n], weight, positive F32[B,n], rows, positives F32[1]
 *
 * Where match is a row of the ground truth, label is that row's plus `first`, weight 1 + extra
 * and positive 1. Where it is -1, label is `background`, weight 1 and positive 0; elsewhere
 * label is `background` and both are 0. rows and positives are the numbers of rows with weight
 * and of positive ones in the whole batch: what losses are divided by.
 *
 * With per_picture = 1 the weights of each picture are divided by the number of its positives,
 * or by 1 (RetinaNet); the numbers stay. Not differentiable. */
#ifndef GD_KERNELS_MATCH_LABELS_H
#define GD_KERNELS_MATCH_LABELS_H

#include "kernels/rows.h"

typedef struct gd_match_labels {
    int32_t first, background, per_picture;
    float   extra; /* what a positive row weighs more than a negative one */
} gd_match_labels;

gd_status gdk_match_labels_ref_f32(const gd_launch *l, gd_error *err);

#endif
