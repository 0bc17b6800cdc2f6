/* norm_rows.h -- the gradients of norms over rows: layer norm and L2 normalisation. */
#ifndef GD_KERNELS_CUDA_NORM_ROWS_H
#define GD_KERNELS_CUDA_NORM_ROWS_H

#include "kernels/cuda/norm_bwd.h"

#ifdef __cplusplus
extern "C" {
#endif

/* d_x of each row, and its mean and what it was multiplied by into `row`. */
typedef struct gdk_norm_rows {
    const void  *d_y, *x;
    void        *d_x;
    const float *gamma; /* of layer norm, weight of l2_norm */
    float       *row;
    int64_t      d_y_pitch, x_pitch, d_x_pitch;
    uint32_t     rows;
    int32_t      C;
    int32_t      length; /* 1: by the length of the row, 0: by mean and variance */
    int32_t      wide, vec, early;
    float        eps;
} gdk_norm_rows;

cudaError_t gdk_norm_rows_launch(const gdk_norm_rows *p, cudaStream_t stream);

/* The rows of both operators: in d_y, x, gamma; out d_x, d_gamma and, where there is one,
 * d_beta. */
bool      gdk_norm_rows_fits(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_norm_rows_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_norm_rows_run(const gd_launch *l, float eps, bool length, const char *name,
                            gd_error *err);

#ifdef __cplusplus
}
#endif
#endif
