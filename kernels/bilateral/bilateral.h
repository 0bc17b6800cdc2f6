/* bilateral.h -- smoothing that keeps edges: near pixels of a like colour are averaged.
 *
 *   in 0  x [N, H, W, C], 1 to 4 channels;  out  y of the same shape
 *   y(p) = sum of w(q) x(q) / sum of w(q), over q within `radius` pixels of p (a disc)
 *   w(q) = exp(-|q - p|^2 / (2 sigma_space^2)) * exp(-d^2 / (2 sigma_color^2))
 *   d    = sum over channels of |x(q)[c] - x(p)[c]|
 *
 * The border is mirrored without repeating it, and all of this is cv::bilateralFilter with
 * d = 2 * radius + 1. It prepares pictures and has no gradient. */
#ifndef GD_KERNELS_BILATERAL_H
#define GD_KERNELS_BILATERAL_H

#include "kernels/rows.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_BILATERAL_RADIUS = 64, GDK_BILATERAL_CHANNELS = 4 };

typedef struct gd_bilateral {
    int32_t radius; /* 0 .. GDK_BILATERAL_RADIUS */
    float   sigma_color, sigma_space;
} gd_bilateral;

GD_REF_DECLARE(bilateral)
size_t    gdk_bilateral_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_bilateral_cpu_f32(const gd_launch *l, gd_error *err);

#ifdef __cplusplus
}
#endif
#endif
