/* fpn_level_cuda.h -- parameters of the CUDA kernel of the choice of a pyramid level. */
#ifndef GD_KERNELS_FPN_LEVEL_CUDA_H
#define GD_KERNELS_FPN_LEVEL_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_fpn_level_args {
    const float *box;
    int32_t     *level;
    int64_t      box_pitch, level_pitch;
    int32_t      B, n;
    float        low, high, base, scale, eps;
} gdk_fpn_level_args;

cudaError_t gdk_fpn_level_launch(const gdk_fpn_level_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
