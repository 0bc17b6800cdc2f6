/* group_norm_bwd_cuda.h -- parameters of the CUDA kernels of group norm's gradient. */
#ifndef GD_KERNELS_GROUP_NORM_BWD_CUDA_H
#define GD_KERNELS_GROUP_NORM_BWD_CUDA_H

#include "kernels/cuda/columns_pick.h"
#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_GROUP_NORM_SUMS = 4, GDK_GROUP_NORM_LEFT = 5 };

typedef struct gdk_group_norm_bwd {
    const void  *d_y, *x;
    void        *d_x;
    const float *gamma;
    float       *d_gamma, *d_beta;
    /* Scratch: GDK_GROUP_NORM_SUMS sums of each block; GDK_GROUP_NORM_LEFT values of each
     * picture and channel; four of each picture and group. */
    float      *part, *sums, *moment;
    int64_t     d_y_pitch, x_pitch, d_x_pitch;
    int32_t     groups, width; /* width: channels of a group */
    int32_t     wide, early;
    float       eps;
    gdk_columns s;
} gdk_group_norm_bwd;

cudaError_t gdk_group_norm_bwd_launch(const gdk_group_norm_bwd *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
