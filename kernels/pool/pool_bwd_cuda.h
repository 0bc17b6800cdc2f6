/* pool_bwd_cuda.h -- parameters and launchers of the gradients of pooling. */
#ifndef GD_KERNELS_POOL_BWD_CUDA_H
#define GD_KERNELS_POOL_BWD_CUDA_H

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/fastdiv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* dy [N, P, Q, C], for maxima x [N, H, W, C] -> dx [N, H, W, C]. A unit is V channels of one
 * pixel: 16 bytes where `vec`, else one element. */
typedef struct gdk_pool_bwd {
    const void *dy, *x;
    void       *dx;
    void       *winner; /* [N * P * Q][C]: where in its window the largest value stands */
    int64_t     dy_pitch, x_pitch, dx_pitch; /* elements */
    int32_t     H, W, P, Q;
    int32_t     size[2], stride[2], pad[2]; /* vertical, horizontal; unused when adaptive */
    int32_t     adaptive, count_include_pad;
    int32_t     large;     /* winners are 16 bits, else 8: windows beyond 256 pixels */
    int32_t     wide, vec; /* 1: F32, 0: F16; whole 16-byte units only */
    int32_t     early;     /* may start while the kernel before it ends */
    uint32_t    n, n_out;  /* units of dx and of dy */
    gdk_fastdiv unit, by_W, by_H, by_Q, by_P;
} gdk_pool_bwd;

/* Two kernels: the winners, then dx. */
cudaError_t gdk_pool_max_bwd_launch(const gdk_pool_bwd *p, cudaStream_t stream);
cudaError_t gdk_pool_average_bwd_launch(const gdk_pool_bwd *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
