/* group_norm.h -- normalisation of groups of channels over all pixels of a picture.
 *
 * Inputs: x [N, ..., C], gamma [C], beta [C]; C is a multiple of `groups`.
 *
 *   y = (x - mean) / sqrt(var + eps) * gamma + beta
 *
 * with mean and biased variance of each picture's C / groups adjacent channels over all its
 * pixels (Wu and He 2018; torch.nn.GroupNorm). */
#ifndef GD_KERNELS_GROUP_NORM_H
#define GD_KERNELS_GROUP_NORM_H

#include "kernels/rows.h"

typedef struct gd_group_norm {
    int32_t groups;
    float   eps;
} gd_group_norm;

/* Pixels of one picture. */
static inline int64_t gdk_group_norm_pixels(const gd_tensor *x) {
    return x->dim[0] ? gd_tensor_pixels(x) / x->dim[0] : 0;
}

GD_REF_DECLARE(group_norm)
GD_REF_DECLARE(group_norm_bwd)
gd_status gdk_group_norm_cpu_f32(const gd_launch *l, gd_error *err);
size_t    gdk_group_norm_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_group_norm_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
