/* match.h -- attributes of the matching of anchors or proposals with ground truth by IoU.
 *
 *   boxes [A,4] or [B,A,4], gt [B,G,4], gt_count I32[B], optional count I32[B]
 *   ->  match I32[B,A]
 *
 * match is the box of the ground truth with the largest IoU (the first of equals), -1 where
 * that IoU is below `low`, -2 where it lies in [low, high). Rows from count[b] on take no part
 * and are -2; ground truth from gt_count[b] on is never read. Without ground truth every row is
 * -1. The rules are those of torchvision's Matcher and box_iou; an IoU that is no number counts
 * as 0. Not differentiable.
 *
 *   allow_low_quality   each row that has the largest IoU any row has with some box (ties
 *                       included, an IoU of 0 too) gets its best match whatever the IoU
 *   claim               each box takes the first of the rows with the largest IoU, a later box
 *                       before an earlier one (SSDMatcher) */
#ifndef GD_KERNELS_MATCH_H
#define GD_KERNELS_MATCH_H

#include "kernels/rows.h"

enum { GD_MATCH_LOW = -1, GD_MATCH_BETWEEN = -2 };

typedef struct gd_match {
    float   high, low;
    int32_t allow_low_quality, claim;
} gd_match;

GD_REF_DECLARE(match)
size_t    gdk_match_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_match_cpu_f32(const gd_launch *l, gd_error *err);

#endif
