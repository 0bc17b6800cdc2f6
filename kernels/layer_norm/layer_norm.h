/* layer_norm.h -- normalisation of each channel vector by its own mean and variance.
 *
 * Inputs: x [..., C], gamma [C], beta [C].
 *
 *   y = (x - mean) / sqrt(var + eps) * gamma + beta
 *
 * with mean and biased variance over the last axis (Ba et al. 2016; torch.nn.LayerNorm over the
 * last axis). */
#ifndef GD_KERNELS_LAYER_NORM_H
#define GD_KERNELS_LAYER_NORM_H

#include "kernels/rows.h"

typedef struct gd_layer_norm {
    float eps;
} gd_layer_norm;

GD_REF_DECLARE(layer_norm)
GD_REF_DECLARE(layer_norm_bwd)
gd_status gdk_layer_norm_cpu_f32(const gd_launch *l, gd_error *err);
size_t    gdk_layer_norm_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_layer_norm_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
