/* nms.h -- attributes of exact greedy non-maximum suppression.
 *
 *   boxes [B, n, 4] (x1, y1, x2, y2), scores [B, n], optional group I32[B, n], optional count
 *   I32[B]  ->  index I32[B, m], count I32[B], top [B], dropped I32[B]
 *
 * Candidates are the first count[b] boxes whose score passes (>= min_score, or > with
 * strict_score = 1) and whose width and height are at least min_size. In order of score, equal
 * scores lower index first, a candidate is kept unless its IoU with a kept one of its group
 * exceeds `iou`. index lists the first m kept ones in that order, the rest is -1; m is max_out,
 * or n where max_out is 0; dropped counts the kept ones beyond m. top is the best score among
 * the first count[b] boxes before any test, -1 where there is none. IoU in the order of
 * operations of torchvision's nms: inter / (area_i + area_j - inter).
 *
 * With beta > 0 the distance of two boxes speaks against suppression (DIoU-NMS, Zheng et al.
 * 2020, with the exponent of Darknet's beta_nms): what is compared with `iou` is
 * IoU - (d^2 / c^2)^beta, d the distance of the centres and c the diagonal of the smallest box
 * around both. */
#ifndef GD_KERNELS_NMS_H
#define GD_KERNELS_NMS_H

#include "kernels/rows.h"

typedef struct gd_nms {
    float   iou;
    float   min_score;
    int32_t strict_score; /* 1: score > min_score, 0: score >= min_score */
    float   min_size;
    int32_t max_out; /* 0: n */
    float   beta;    /* 0: plain IoU */
} gd_nms;

GD_REF_DECLARE(nms)
size_t    gdk_nms_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_nms_cpu_f32(const gd_launch *l, gd_error *err);

#endif
