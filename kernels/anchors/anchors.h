/* anchors.h -- attributes of the anchor grid of one feature level.
 *
 *   like [B, H, W, C] (shape and type only)  ->  out [H * W * A, 4], A = n_ratio * n_size
 *
 * Row ((y * W + x) * n_ratio + r) * n_size + s is (x1, y1, x2, y2) in network pixels, centred
 * on (x * stride_w, y * stride_h). ratio is height / width. Base anchors are rounded to whole
 * pixels, half to even, in float32 whatever the output type: torchvision's AnchorGenerator. */
#ifndef GD_KERNELS_ANCHORS_H
#define GD_KERNELS_ANCHORS_H

#include "kernels/rows.h"

enum { GD_ANCHORS_MAX = 8 };

typedef struct gd_anchors {
    int32_t stride_h, stride_w;
    int32_t n_size;
    float   size[GD_ANCHORS_MAX];
    int32_t n_ratio;
    float   ratio[GD_ANCHORS_MAX];
} gd_anchors;

GD_REF_DECLARE(anchors)

#endif
