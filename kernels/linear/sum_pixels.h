/* sum_pixels.h -- parameters of the CUDA kernel that sums the pixels of a tensor. */
#ifndef GD_KERNELS_LINEAR_SUM_PIXELS_H
#define GD_KERNELS_LINEAR_SUM_PIXELS_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* part [splits][C] of x [M, C]: each split sums a range of the pixels. What adds the splits is
 * gdk_wgrad_sum_launch. */
typedef struct gdk_sum_pixels {
    const void *x;
    float      *part;
    int64_t     pitch; /* elements */
    int32_t     M, C, splits;
    int32_t     wide; /* 1: F32, 0: F16 */
    int32_t     vec;  /* pixels begin at 16-byte boundaries */
} gdk_sum_pixels;

cudaError_t gdk_sum_pixels_launch(const gdk_sum_pixels *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
