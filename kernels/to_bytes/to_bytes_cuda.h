/* to_bytes_cuda.h -- parameters and launcher of the way from values to pixels. */
#ifndef GD_KERNELS_TO_BYTES_CUDA_H
#define GD_KERNELS_TO_BYTES_CUDA_H

#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_to_bytes {
    const float *x;
    uint8_t     *y;
    int64_t      n; /* elements */
    int64_t      C, x_pitch, y_pitch;
} gdk_to_bytes;

cudaError_t gdk_to_bytes_launch(const gdk_to_bytes *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
