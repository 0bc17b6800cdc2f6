/* affine.h -- y = x * scale[c] + shift[c] over the last axis (FrozenBatchNorm).
 *
 * With constant scale and shift it folds into its producer. */
#ifndef GD_KERNELS_AFFINE_H
#define GD_KERNELS_AFFINE_H

#include "kernels/rows.h"

GD_REF_DECLARE(affine)
GD_REF_DECLARE(affine_bwd)
gd_status gdk_affine_cpu_f32(const gd_launch *l, gd_error *err);
size_t    gdk_affine_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_affine_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
