/* conv2d_cuda.h -- functions of the CUDA rows of convolution and linear beside tensor cores. */
#ifndef GD_KERNELS_CONV2D_CUDA_H
#define GD_KERNELS_CONV2D_CUDA_H

#include "engine/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Strict FP32 products on CUDA cores (conv2d_simt.cuh): channels and pitch multiples of 4. */
size_t    gdk_conv2d_simt_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_simt_prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                                  gd_error *err);
size_t    gdk_linear_simt_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_linear_simt_prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                                  gd_error *err);
void      gdk_conv2d_simt_release(void *kept);
gd_status gdk_conv2d_simt_run(const gd_launch *l, gd_error *err);

/* Stems (conv2d_stem.cu, conv2d_stem_f32.cu) and depthwise (conv2d_depthwise.cu): weights are
 * packed, constants by prepare, variables at each run (conv2d_pack.cu). */
extern const char *const gdk_conv2d_stem_absorbs[];
bool                     gdk_conv2d_stem_fits(const gd_launch *l, const gd_device_caps *dev);
size_t                   gdk_conv2d_stem_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_stem_prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                                  gd_error *err);
gd_status gdk_conv2d_stem_run(const gd_launch *l, gd_error *err);
bool      gdk_conv2d_depthwise_fits(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_conv2d_depthwise_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_depthwise_prepare(const gd_launch *l, const gd_device_caps *dev,
                                       void **out, gd_error *err);
gd_status gdk_conv2d_depthwise_run(const gd_launch *l, gd_error *err);
void      gdk_conv2d_direct_release(void *kept);

/* Whatever is left (conv2d_any.cu). */
bool      gdk_conv2d_any_fits(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_any_run(const gd_launch *l, gd_error *err);
bool      gdk_linear_any_fits(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_linear_any_run(const gd_launch *l, gd_error *err);

#ifdef __cplusplus
}
#endif
#endif
