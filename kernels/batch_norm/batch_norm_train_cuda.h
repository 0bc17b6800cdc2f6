/* batch_norm_train_cuda.h -- parameters and launchers of batch norm with the batch's own
 * statistics, and of its gradient. */
#ifndef GD_KERNELS_BATCH_NORM_TRAIN_CUDA_H
#define GD_KERNELS_BATCH_NORM_TRAIN_CUDA_H

#include "kernels/cuda/columns_pick.h"
#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_batch_norm_train {
    const void  *x;
    void        *y;
    const float *gamma, *beta, *old_mean, *old_var;
    float       *mean, *invstd, *new_mean, *new_var; /* new ones may be the old ones */
    float       *part;                               /* scratch */
    int64_t      x_pitch, y_pitch;
    float        eps, momentum;
    int32_t      wide;  /* 1: F32, 0: F16; of values, vectors are F32 */
    int32_t      early; /* may start while the kernel before it ends */
    gdk_columns  s;
} gdk_batch_norm_train;

typedef struct gdk_batch_norm_train_bwd {
    const void  *d_y, *x;
    void        *d_x;
    const float *gamma, *mean, *invstd;
    float       *d_gamma, *d_beta;
    float       *part; /* scratch */
    int64_t      d_y_pitch, x_pitch, d_x_pitch;
    int32_t      wide, early;
    gdk_columns  s;
} gdk_batch_norm_train_bwd;

cudaError_t gdk_batch_norm_train_launch(const gdk_batch_norm_train *p, cudaStream_t stream);
cudaError_t gdk_batch_norm_train_bwd_launch(const gdk_batch_norm_train_bwd *p,
                                            cudaStream_t                    stream);

#ifdef __cplusplus
}
#endif
#endif
