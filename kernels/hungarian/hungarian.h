/* hungarian.h -- attributes of DETR's assignment of queries to ground truth: exact, by cost.
 *
 *   logits [B,Q,C], boxes [B,Q,4] (cx cy w h, 0 .. 1), gt [B,G,4] (the same), gt labels
 *   I32[B,G], gt_count I32[B]  ->  match I32[B,Q]
 *
 *   cost(g, q) = -class * softmax(logits_q)[label_g] + l1 * |box_q - gt_g|_1
 *                - giou * GIoU(box_q, gt_g)
 *
 * match is the box of the ground truth that the query gets, -1: none. Every box (with more
 * boxes than queries, every query) gets one, so that the sum of costs is least: the matcher of
 * the published DETR. A cost that is not within +-1e30 counts as that. Not differentiable. */
#ifndef GD_KERNELS_HUNGARIAN_H
#define GD_KERNELS_HUNGARIAN_H

#include "kernels/rows.h"

typedef struct gd_hungarian {
    float class_cost, l1, giou;
} gd_hungarian;

GD_REF_DECLARE(hungarian)
/* Picture b alone; scratch is the launch's. */
void      gdk_hungarian_picture_ref_f32(const gd_launch *l, int64_t b);
void      gdk_hungarian_picture_ref_f64(const gd_launch *l, int64_t b);
size_t    gdk_hungarian_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_hungarian_cpu_f32(const gd_launch *l, gd_error *err);

#endif
