/* conv2d_wgrad_cuda.h -- functions of the CUDA rows of conv2d_bwd_weight and
 * linear_bwd_weight. */
#ifndef GD_KERNELS_CONV2D_CONV2D_WGRAD_CUDA_H
#define GD_KERNELS_CONV2D_CONV2D_WGRAD_CUDA_H

#include "kernels/conv2d/conv2d_shape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of each family: wgmma (F16, sm_90a; channels and pitches in eights), mma (F16), simt (F32),
 * all without groups; any (F16, F32). */
#define GD_DECLARE(name)                                                                      \
    bool      gdk_##name##_fits(const gd_launch *l, const gd_device_caps *dev);               \
    size_t    gdk_##name##_scratch(const gd_launch *l, const gd_device_caps *dev);            \
    double    gdk_##name##_cost(const gd_launch *l, const gd_device_caps *dev);               \
    gd_status gdk_##name##_prepare(const gd_launch *l, const gd_device_caps *dev, void **out, \
                                   gd_error *err);
GD_DECLARE(conv2d_wgrad_wgmma)
GD_DECLARE(linear_wgrad_wgmma)
GD_DECLARE(conv2d_wgrad_mma)
GD_DECLARE(linear_wgrad_mma)
GD_DECLARE(conv2d_wgrad_simt)
GD_DECLARE(linear_wgrad_simt)
GD_DECLARE(conv2d_wgrad_any)
GD_DECLARE(linear_wgrad_any)
#undef GD_DECLARE
gd_status gdk_conv2d_wgrad_run(const gd_launch *l, gd_error *err);

#ifdef __cplusplus
}
#endif

/* A row of one of these. */
#define GD_ROW_WGRAD(title, type, family)                                                    \
    GD_ROW_CUDA(title, type, gdk_conv2d_wgrad_run),                                          \
        .flags = GD_ROW_PITCH, .fits = gdk_##family##_fits, .absorbs = gdk_epilogue_absorbs, \
        .scratch = gdk_##family##_scratch, .cost_us = gdk_##family##_cost,                   \
        .prepare = gdk_##family##_prepare, .release = gd_mem_put

#endif
