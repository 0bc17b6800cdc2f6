/* match_iou.h -- IoU rounded step by step as match_ref.c does it, for C files and kernels. */
#ifndef GD_KERNELS_MATCH_IOU_H
#define GD_KERNELS_MATCH_IOU_H

#include <math.h>

#include "kernels/cuda/round.h"

/* Of box (x1, y1, x2, y2) of area `own` with box g of the ground truth of area `area`: not
 * negative, and 0 where it is no number. */
static inline GD_HOST_DEVICE float gdk_match_iou(const float g[4], float area,
                                                 const float box[4], float own) {
    const float w = gdk_sub(fminf(g[2], box[2]), fmaxf(g[0], box[0]));
    const float h = gdk_sub(fminf(g[3], box[3]), fmaxf(g[1], box[1]));
    const float inter = gdk_mul(fmaxf(w, 0.0f), fmaxf(h, 0.0f));
    const float q = inter / gdk_sub(gdk_add(area, own), inter);
    return q > 0.0f ? q : 0.0f;
}

static inline GD_HOST_DEVICE float gdk_match_area(const float b[4]) {
    return gdk_mul(gdk_sub(b[2], b[0]), gdk_sub(b[3], b[1]));
}

#endif
