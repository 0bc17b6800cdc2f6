/* class_boxes.h -- attributes of the per-class selection after a box head.
 *
 *   scores [B, n, K] (probabilities), boxes [B, n, 4*K] (one a class) or [B, n, 4] (shared),
 *   optional count I32[B]
 *   ->  boxes [B, cap, 4], scores [B, cap], labels I32[B, cap], count I32[B],
 *       dropped I32[B], top [B]
 *
 * A (row, class) pair is a candidate when row < count[b], the class is not `background` (-1:
 * none), its score is > min_score and its box at least min_size wide and high; with per_class
 * above 0 only the best per_class pairs of each class are (equal scores: the earlier row).
 * Candidates stand row by row, class by class; a label is the class's own index, background
 * counted. Beyond `capacity` of them the best stay (equal scores: the earlier), still
 * in that order, and dropped says how many went. The rest of the rows is box 0, score 0, label
 * -1. top is the best score of any class but the background before any test, -1 where there is
 * none. */
#ifndef GD_KERNELS_CLASS_BOXES_H
#define GD_KERNELS_CLASS_BOXES_H

#include "kernels/rows.h"

typedef struct gd_class_boxes {
    float   min_score;
    float   min_size;
    int32_t background;
    int32_t capacity;
    int32_t per_class; /* 0: no limit */
} gd_class_boxes;

GD_REF_DECLARE(class_boxes)
size_t    gdk_class_boxes_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_class_boxes_cpu_f32(const gd_launch *l, gd_error *err);

#endif
