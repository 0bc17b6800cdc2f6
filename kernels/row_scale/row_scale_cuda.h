/* row_scale_cuda.h -- parameters of the CUDA kernel of row_scale. */
#ifndef GD_KERNELS_ROW_SCALE_CUDA_H
#define GD_KERNELS_ROW_SCALE_CUDA_H

#include <cuda_runtime_api.h>

#include "kernels/cuda/fastdiv.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_row_scale_args {
    const float *w, *s;
    void        *y;    /* may be w, where that is floats too */
    gdk_fastdiv  row;  /* elements of a row */
    uint32_t     n;    /* of all, a multiple of 4 where `vec` */
    int32_t      half; /* y is halves */
    int32_t      vec;  /* four neighbours are of one row */
    int32_t      early;
} gdk_row_scale_args;

cudaError_t gdk_row_scale_launch(const gdk_row_scale_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
