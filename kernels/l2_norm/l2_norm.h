/* l2_norm.h -- attributes of L2 normalisation over the channels of each pixel, with a scale.
 *
 *   x [..., C], weight [C]  ->  y [..., C]
 *
 *   y = weight[c] * (x[c] / max(sqrt(sum over c of x[c]^2), eps))
 *
 * SSD's conv4_3 (Liu et al. 2016, after ParseNet); torch.nn.functional.normalize times a
 * parameter, whose eps is 1e-12. */
#ifndef GD_KERNELS_L2_NORM_H
#define GD_KERNELS_L2_NORM_H

#include "kernels/rows.h"

typedef struct gd_l2_norm {
    float eps;
} gd_l2_norm;

GD_REF_DECLARE(l2_norm)
GD_REF_DECLARE(l2_norm_bwd)
gd_status gdk_l2_norm_cpu_f32(const gd_launch *l, gd_error *err);
size_t    gdk_l2_norm_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_l2_norm_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
