/* batch_norm_cuda.h -- the launcher that makes the scale of each channel. */
#ifndef GD_KERNELS_BATCH_NORM_CUDA_H
#define GD_KERNELS_BATCH_NORM_CUDA_H

#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_batch_norm_scale {
    const float *gamma, *var;
    float       *scale; /* gamma / sqrt(var + eps) */
    float        eps;
    int32_t      C;
} gdk_batch_norm_scale;

cudaError_t gdk_batch_norm_scale_launch(const gdk_batch_norm_scale *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
