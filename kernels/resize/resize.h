/* resize.h -- attributes of the resizing of feature maps, and of its gradient.
 *
 *   x [B, H, W, C]  ->  y [B, out_h, out_w, C]
 *
 * Nearest takes pixel floor(y * (H / out_h)), in float32 whatever the type, as PyTorch does.
 * Bilinear has half-pixel centres (align_corners = False) and PyTorch's arithmetic:
 * coordinates in double from a scale of the type, rows blended last. Pictures of bytes have
 * resizers of their own: resample.h. */
#ifndef GD_KERNELS_RESIZE_H
#define GD_KERNELS_RESIZE_H

#include "kernels/rows.h"

enum { GD_RESIZE_NEAREST, GD_RESIZE_BILINEAR };

typedef struct gd_resize {
    int32_t mode;
    int32_t out_h, out_w;
} gd_resize;

/* Source index of nearest resizing along an axis. */
int64_t gdk_nearest(int64_t at, int64_t src, int64_t dst);

GD_REF_DECLARE(resize)
GD_REF_DECLARE(resize_bwd)
gd_status gdk_resize_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_resize_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
