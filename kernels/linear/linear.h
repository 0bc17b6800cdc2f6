/* linear.h -- launchers of the fully connected layer and of the sum over pixels.
 *
 *   x [..., C]   w [K, C]   bias [K], optional   y [..., K]
 *   y[i, k] = bias[k] + sum over c of x[i, c] * w[k, c];   every axis but the last makes rows i
 *   sum_pixels: x [..., C] -> [C], the bias gradient of linear and conv2d. */
#ifndef GD_KERNELS_LINEAR_H
#define GD_KERNELS_LINEAR_H

#include "engine/op.h"
#include "kernels/rows.h"

#ifdef __cplusplus
extern "C" {
#endif

GD_REF_DECLARE(linear)
GD_REF_DECLARE(linear_bwd_data)
GD_REF_DECLARE(linear_bwd_weight)
GD_REF_DECLARE(sum_pixels)

bool      gdk_linear_dnnl_fits(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_linear_dnnl_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                  gd_error *err);

bool      gdk_linear_omp_fits(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_linear_omp_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_linear_omp_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                 gd_error *err);
gd_status gdk_linear_omp_run(const gd_launch *l, gd_error *err);

/* Gradients; state is made by gdk_igemm_back_prepare. */
size_t    gdk_linear_bwd_data_omp_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_linear_bwd_data_omp_run(const gd_launch *l, gd_error *err);
size_t    gdk_linear_bwd_weight_omp_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_linear_bwd_weight_omp_run(const gd_launch *l, gd_error *err);

size_t    gdk_sum_pixels_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_sum_pixels_cpu_f32(const gd_launch *l, gd_error *err);

#ifdef __cplusplus
}
#endif
#endif
