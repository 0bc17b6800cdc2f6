/* l2_norm_cuda.h -- parameters of the CUDA kernel of L2 normalisation. */
#ifndef GD_KERNELS_L2_NORM_CUDA_H
#define GD_KERNELS_L2_NORM_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_l2_norm_args {
    const void  *x;
    void        *y; /* may be x */
    const float *weight;
    int64_t      x_pitch, y_pitch, pixels;
    int32_t      C;
    int32_t      wide; /* x and y are floats, not halves */
    float        eps;
} gdk_l2_norm_args;

cudaError_t gdk_l2_norm_launch(const gdk_l2_norm_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
