/* dfl_cuda.h -- parameters of the CUDA kernel of boxes from distributions. */
#ifndef GD_KERNELS_DFL_CUDA_H
#define GD_KERNELS_DFL_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_dfl_level {
    const float *x;
    int64_t      pitch;
    int32_t      W, cells;
    int32_t      first; /* row of its first cell in the boxes */
    float        stride;
} gdk_dfl_level;

typedef struct gdk_dfl_args {
    gdk_dfl_level level[4];
    int32_t       n_level, B, n, bins;
    float        *box;
    int64_t       box_pitch;
} gdk_dfl_args;

cudaError_t gdk_dfl_launch(const gdk_dfl_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
