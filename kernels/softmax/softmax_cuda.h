/* softmax_cuda.h -- parameters of the CUDA kernel of softmax. */
#ifndef GD_KERNELS_SOFTMAX_CUDA_H
#define GD_KERNELS_SOFTMAX_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_softmax_args {
    const float *x;
    float       *y; /* may be x */
    int64_t      x_pitch, y_pitch, rows;
    int32_t      n; /* of a row */
} gdk_softmax_args;

typedef struct gdk_softmax_bwd_args {
    const float *d_y, *y;
    float       *d_x; /* may be d_y */
    int64_t      d_y_pitch, y_pitch, d_x_pitch, rows;
    int32_t      n;     /* of a row */
    int32_t      early; /* may start while the kernel before it ends */
} gdk_softmax_bwd_args;

cudaError_t gdk_softmax_launch(const gdk_softmax_args *a, cudaStream_t stream);
cudaError_t gdk_softmax_bwd_launch(const gdk_softmax_bwd_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
