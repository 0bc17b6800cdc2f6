/* conv2d_dgrad_cuda.h -- functions of the CUDA rows of conv2d_bwd_data and linear_bwd_data. */
#ifndef GD_KERNELS_CONV2D_CONV2D_DGRAD_CUDA_H
#define GD_KERNELS_CONV2D_CONV2D_DGRAD_CUDA_H

#include "kernels/conv2d/conv2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Through the forward rows: strict, or with FP32 operands rounded to TF32. */
#define GD_DECLARE(name)                                                                      \
    bool      gdk_##name##_fits(const gd_launch *l, const gd_device_caps *dev);               \
    size_t    gdk_##name##_scratch(const gd_launch *l, const gd_device_caps *dev);            \
    gd_status gdk_##name##_prepare(const gd_launch *l, const gd_device_caps *dev, void **out, \
                                   gd_error *err);
GD_DECLARE(conv2d_dgrad)
GD_DECLARE(linear_dgrad)
GD_DECLARE(conv2d_dgrad_tf32)
GD_DECLARE(linear_dgrad_tf32)
#undef GD_DECLARE
void      gdk_conv2d_dgrad_release(void *kept);
gd_status gdk_conv2d_dgrad_run(const gd_launch *l, gd_error *err);

#ifdef __cplusplus
}
#endif

/* A row of one of these; flags follow as designated initialisers. */
#define GD_ROW_DGRAD(title, type, family)                                     \
    GD_ROW_CUDA(title, type, gdk_conv2d_dgrad_run),                           \
        .fits = gdk_##family##_fits, .absorbs = gdk_epilogue_absorbs,         \
        .scratch = gdk_##family##_scratch, .prepare = gdk_##family##_prepare, \
        .release = gdk_conv2d_dgrad_release

#endif
