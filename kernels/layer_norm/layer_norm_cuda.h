/* layer_norm_cuda.h -- parameters of the CUDA kernels of layer norm. */
#ifndef GD_KERNELS_LAYER_NORM_CUDA_H
#define GD_KERNELS_LAYER_NORM_CUDA_H

#include <cuda_runtime_api.h>

#include "kernels/cuda/epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_layer_norm_args {
    const void  *x; /* may be the output */
    const float *gamma, *beta;
    int64_t      x_pitch;
    uint32_t     rows;
    int32_t      C;
    int32_t      x_wide; /* 1: F32, 0: F16 */
    int32_t      vec;    /* rows of x, gamma and beta begin at 16-byte boundaries */
    int32_t      early;  /* may start while the kernel before it ends */
    int32_t      fixed;  /* gamma and beta are constants */
    float        eps;
    gdk_epilogue e;
} gdk_layer_norm_args;

cudaError_t gdk_layer_norm_launch(const gdk_layer_norm_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
