/* bilateral_cuda.h -- parameters and launcher of the bilateral filter. */
#ifndef GD_KERNELS_BILATERAL_CUDA_H
#define GD_KERNELS_BILATERAL_CUDA_H

#include "kernels/bilateral/bilateral.h"
#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_bilateral_cuda {
    const float *x;
    float       *y;
    int64_t      x_pitch, y_pitch;
    int32_t      N, H, W, C, radius;
    float        of_color, of_space; /* -1 / (2 sigma^2) */
} gdk_bilateral_cuda;

cudaError_t gdk_bilateral_launch(const gdk_bilateral_cuda *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
