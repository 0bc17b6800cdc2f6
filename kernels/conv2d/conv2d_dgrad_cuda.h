/* conv2d_dgrad_cuda.h -- functions of the CUDA rows of conv2d_bwd_data and linear_bwd_data. */
#ifndef GD_KERNELS_CONV2D_CONV2D_DGRAD_CUDA_H
#define GD_KERNELS_CONV2D_CONV2D_DGRAD_CUDA_H

#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/conv2d_phase.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The convolution of dy that gives residues i / stride and i % stride of dx, out of plane[2] by
 * filter[2] taps; false: they have no pixels, or no taps. */
bool gdk_dgrad_phase(const gd_conv2d *a, const int64_t plane[2], const int64_t filter[2],
                     const int64_t plane_dy[2], int i, gdk_phase axis[2], gd_conv2d *conv);
/* Whether the kernels can count what the launch has; a linear layer is a 1x1 convolution. */
bool gdk_dgrad_counts(const gd_launch *l, const gd_conv2d *a);

/* On Hopper, F16, by weights as they are: no groups, channels of x and dy in eights. */
bool      gdk_conv2d_dgrad_wgmma_fits(const gd_launch *l, const gd_device_caps *dev);
bool      gdk_linear_dgrad_wgmma_fits(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_conv2d_dgrad_wgmma_scratch(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_linear_dgrad_wgmma_scratch(const gd_launch *l, const gd_device_caps *dev);
double    gdk_conv2d_dgrad_wgmma_cost(const gd_launch *l, const gd_device_caps *dev);
double    gdk_linear_dgrad_wgmma_cost(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_dgrad_wgmma_prepare(const gd_launch *l, const gd_device_caps *dev,
                                         void **out, gd_error *err);
gd_status gdk_linear_dgrad_wgmma_prepare(const gd_launch *l, const gd_device_caps *dev,
                                         void **out, gd_error *err);
void      gdk_conv2d_dgrad_wgmma_release(void *kept);
gd_status gdk_conv2d_dgrad_wgmma_run(const gd_launch *l, gd_error *err);

/* Through the forward rows: strict, or with FP32 operands rounded to TF32. */
#define GD_DECLARE(name)                                                                      \
    bool      gdk_##name##_fits(const gd_launch *l, const gd_device_caps *dev);               \
    size_t    gdk_##name##_scratch(const gd_launch *l, const gd_device_caps *dev);            \
    double    gdk_##name##_cost(const gd_launch *l, const gd_device_caps *dev);               \
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

/* A row of one of these, which `runs` runs and releases; flags follow as designated
 * initialisers. */
#define GD_ROW_DGRAD_OF(title, type, family, runs)                         \
    GD_ROW_CUDA(title, type, gdk_##runs##_run),                            \
        .fits = gdk_##family##_fits, .absorbs = gdk_epilogue_absorbs,      \
        .scratch = gdk_##family##_scratch, .cost_us = gdk_##family##_cost, \
        .prepare = gdk_##family##_prepare, .release = gdk_##runs##_release
#define GD_ROW_DGRAD(title, type, family) GD_ROW_DGRAD_OF(title, type, family, conv2d_dgrad)

#endif
