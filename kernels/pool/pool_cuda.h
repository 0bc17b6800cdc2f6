/* pool_cuda.h -- parameters and launchers of the pooling kernels. */
#ifndef GD_KERNELS_POOL_CUDA_H
#define GD_KERNELS_POOL_CUDA_H

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/fastdiv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* x [N, H, W, C] -> y [N, P, Q, C]. A unit is V channels of one output pixel: 16 bytes where
 * `vec`, else one element. */
typedef struct gdk_pool {
    const void *x;
    void       *y;
    int64_t     x_pitch, y_pitch; /* elements */
    int32_t     H, W;
    int32_t     size[2], stride[2], pad[2]; /* vertical, horizontal; unused when adaptive */
    int32_t     adaptive, count_include_pad;
    int32_t     wide, vec; /* 1: F32, 0: F16; whole 16-byte units only */
    int32_t     early;     /* may start while the kernel before it ends */
    uint32_t    n;         /* units in all */
    gdk_fastdiv unit, Q, P;
} gdk_pool;

cudaError_t gdk_pool_max_launch(const gdk_pool *p, cudaStream_t stream);
/* shared: about how many pixels the windows have that several threads share; 0: none does. */
cudaError_t gdk_pool_average_launch(const gdk_pool *p, int64_t shared, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
