/* affine_bwd.h -- the gradient of y = (x - mean[c]) * scale[c] + shift[c] with given vectors:
 * of affine, and of batch norm with its running values. */
#ifndef GD_KERNELS_CUDA_AFFINE_BWD_H
#define GD_KERNELS_CUDA_AFFINE_BWD_H

#include "kernels/cuda/columns_pick.h"
#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

/* d_x = d_y * scale * invstd; d_scale = sum d_y (x - mean) invstd; d_shift = sum d_y. Without
 * var, invstd is 1; without mean, that is 0. */
typedef struct gdk_affine_bwd {
    const void  *d_y, *x;
    void        *d_x;
    const float *scale, *mean, *var;
    float       *d_scale, *d_shift, *part;
    int64_t      d_y_pitch, x_pitch, d_x_pitch;
    float        eps;
    int32_t      wide;  /* 1: F32, 0: F16; of values, vectors are F32 */
    int32_t      early; /* may start while the kernel before it ends */
    gdk_columns  s;
} gdk_affine_bwd;

bool   gdk_affine_bwd_fits(const gd_launch *l, const gd_device_caps *dev);
size_t gdk_affine_bwd_scratch(const gd_launch *l, const gd_device_caps *dev);
/* Reads d_y, x, scale (inputs 0 .. 2) and the three outputs; mean, var and eps are set by the
 * caller. */
gd_status gdk_affine_bwd_run(const gd_launch *l, gdk_affine_bwd *p, gd_error *err);

cudaError_t gdk_affine_bwd_launch(const gdk_affine_bwd *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
