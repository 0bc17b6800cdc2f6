/* norm_bwd.h -- what the gradients of norms over rows share: sums over the rows.
 *
 *   scale[c] = sum d_y[r][c] (x[r][c] - mean[r]) by[r],  shift[c] = sum d_y[r][c] */
#ifndef GD_KERNELS_CUDA_NORM_BWD_H
#define GD_KERNELS_CUDA_NORM_BWD_H

#include "kernels/cuda/columns_pick.h"
#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_norm_bwd {
    const void  *d_y, *x;
    const float *row;           /* mean and by of each row */
    float       *scale, *shift; /* shift may be NULL */
    float       *part;          /* scratch: gdk_columns_room of two sums */
    int64_t      d_y_pitch, x_pitch;
    int32_t      wide;  /* 1: F32, 0: F16 */
    int32_t      early; /* may start while the kernel before it ends */
    gdk_columns  s;
} gdk_norm_bwd;

cudaError_t gdk_norm_bwd_launch(const gdk_norm_bwd *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
