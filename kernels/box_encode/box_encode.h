/* box_encode.h -- attributes of the regression targets of boxes: box_decode the other way.
 *
 *   gt [B,G,4], match I32[B,n] (see match.h), boxes [n,4] or [B,n,4]  ->  deltas [B,n,4]
 *
 * Row i is (dx, dy, dw, dh) from boxes[i] to gt[match[i]], in the order of operations of
 * torchvision's BoxCoder; zeros where match[i] is no row of gt, and where either box has no
 * area. Not differentiable. */
#ifndef GD_KERNELS_BOX_ENCODE_H
#define GD_KERNELS_BOX_ENCODE_H

#include "kernels/rows.h"

typedef struct gd_box_encode {
    float weights[4]; /* deltas are multiplied by these: x, y, w, h */
} gd_box_encode;

GD_REF_DECLARE(box_encode)
gd_status gdk_box_encode_cpu_f32(const gd_launch *l, gd_error *err);

#endif
