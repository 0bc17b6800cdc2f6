/* roi_align.h -- attributes of RoIAlign over one or more pyramid levels, and of its gradient.
 *
 *   in 0      boxes [B, n, 4], network pixels        in 1   count I32[B], optional
 *   in 2      level I32[B, n], optional (0)          in 3.. n_scale features [B, H_i, W_i, C]
 *   out [B * n, out_h, out_w, C]
 *
 * Row b * n + i is box i of picture b, pooled from feature level[b][i] at scale[level]. Rows
 * from count[b] on, boxes with a coordinate that is not finite, and levels out of range give
 * zeros. torchvision semantics and order of operations: sampling points a bin and axis, 0
 * meaning ceil(size of the box / bins); without `aligned` a box has at least one pixel a side.
 *
 * roi_align_bwd is the gradient to one feature: in 0 is d(out), in 1..3 are boxes, count,
 * level, in 4 gives the feature's shape; `which` names its level. Contributions to a pixel are
 * added in the order of the boxes, whatever the number of threads. Boxes get no gradient. */
#ifndef GD_KERNELS_ROI_ALIGN_H
#define GD_KERNELS_ROI_ALIGN_H

#include "kernels/rows.h"

enum {
    GD_ROI_MAX_SCALE = 8,
    GD_ROI_MAX_GRID = 1024 /* sampling points a bin and axis, where the box chooses them */
};

typedef struct gd_roi_align {
    int32_t out_h, out_w;
    int32_t sampling; /* 0: adaptive */
    int32_t aligned;
    int32_t n_scale;
    float   scale[GD_ROI_MAX_SCALE]; /* feature pixels per network pixel */
} gd_roi_align;

typedef struct gd_roi_align_bwd {
    gd_roi_align fwd;
    int32_t      which;
} gd_roi_align_bwd;

GD_REF_DECLARE(roi_align)
gd_status gdk_roi_align_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_roi_align_bwd_cpu_f32(const gd_launch *l, gd_error *err);
GD_REF_DECLARE(roi_align_bwd)

#endif
