/* group_norm_cuda.h -- parameters of the CUDA kernels of group norm. */
#ifndef GD_KERNELS_GROUP_NORM_CUDA_H
#define GD_KERNELS_GROUP_NORM_CUDA_H

#include <cuda_runtime_api.h>

#include "kernels/cuda/epilogue.h"
#include "kernels/cuda/fastdiv.h"
#include "kernels/group_norm/group_norm_plan.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_group_norm_args {
    const void         *x; /* may be the output */
    const float        *gamma, *beta;
    float              *part;   /* [N][chunks][groups][2]: mean, sum of squares about it */
    float              *moment; /* [N][groups][2]: mean, 1 / sqrt(var + eps) */
    int64_t             x_pitch;
    int32_t             N, pixels, C; /* pixels of one picture */
    int32_t             x_wide;       /* 1: F32, 0: F16 */
    int32_t             vec;          /* pixels of x begin at 16-byte boundaries */
    float               eps;
    gdk_group_norm_plan plan;
    uint32_t            n;       /* runs of four channels in total */
    gdk_fastdiv         run;     /* runs of a pixel */
    gdk_fastdiv         picture; /* pixels of a picture */
    gdk_fastdiv         width;   /* channels of a group */
    gdk_epilogue        e;
} gdk_group_norm_args;

cudaError_t gdk_group_norm_launch(const gdk_group_norm_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
