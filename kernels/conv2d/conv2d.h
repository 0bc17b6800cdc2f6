/* conv2d.h -- attributes and launchers of 2-D convolution.
 *
 *   x [N, H, W, C]   w [K, R, S, C / groups]   bias [K], optional   y [N, P, Q, K]
 *   P = (H + top + bottom - dilation * (R - 1) - 1) / stride + 1, likewise Q
 *   y[n,p,q,k] = bias[k] + sum over r, s, c of w[k,r,s,c] * x[n, h, v, first + c] with
 *   h = p * stride - top + r * dilation, v = q * stride - left + s * dilation and
 *   first = the first channel of k's group */
#ifndef GD_KERNELS_CONV2D_H
#define GD_KERNELS_CONV2D_H

#include "engine/op.h"
#include "kernels/rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Pairs are vertical, horizontal. */
typedef struct gd_conv2d {
    int32_t stride[2];
    int32_t pad[4]; /* top, left, bottom, right */
    int32_t dilation[2];
    int32_t groups;
} gd_conv2d;

/* conv2d_bwd_data: dy, w -> dx; the input's plane cannot be told from dy, so it stands here. */
typedef struct gd_conv2d_bwd_data {
    gd_conv2d conv;
    int32_t   plane[2];
} gd_conv2d_bwd_data;

/* conv2d_bwd_weight: dy, x -> dw, with the filter's height and width. */
typedef struct gd_conv2d_bwd_weight {
    gd_conv2d conv;
    int32_t   filter[2];
} gd_conv2d_bwd_weight;

GD_REF_DECLARE(conv2d)
GD_REF_DECLARE(conv2d_bwd_data)
GD_REF_DECLARE(conv2d_bwd_weight)

bool      gdk_conv2d_dnnl_fits(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_dnnl_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                  gd_error *err);

bool      gdk_conv2d_wino_fits(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_conv2d_wino_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_wino_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                  gd_error *err);
gd_status gdk_conv2d_wino_run(const gd_launch *l, gd_error *err);

bool      gdk_conv2d_dw_fits(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_conv2d_dw_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_dw_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                gd_error *err);
gd_status gdk_conv2d_dw_run(const gd_launch *l, gd_error *err);

bool      gdk_conv2d_omp_fits(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_conv2d_omp_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_omp_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                 gd_error *err);
gd_status gdk_conv2d_omp_run(const gd_launch *l, gd_error *err);

/* Gradients; state is made by gdk_igemm_back_prepare. */
size_t    gdk_conv2d_bwd_data_omp_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_bwd_data_omp_run(const gd_launch *l, gd_error *err);
size_t    gdk_conv2d_bwd_weight_omp_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_bwd_weight_omp_run(const gd_launch *l, gd_error *err);

bool      gdk_conv2d_bwd_data_wino_fits(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_conv2d_bwd_data_wino_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_bwd_data_wino_run(const gd_launch *l, gd_error *err);

bool      gdk_conv2d_bwd_data_dw_fits(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_conv2d_bwd_data_dw_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_bwd_data_dw_run(const gd_launch *l, gd_error *err);
bool      gdk_conv2d_bwd_weight_dw_fits(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_conv2d_bwd_weight_dw_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_bwd_weight_dw_run(const gd_launch *l, gd_error *err);

#ifdef __cplusplus
}
#endif
#endif
