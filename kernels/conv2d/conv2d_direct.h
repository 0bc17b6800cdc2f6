/* conv2d_direct.h -- launchers of the CUDA convolutions that are no matrix products.
 *
 * x [N, H, W, C] at x_pitch, y [N, P, Q, K] through the epilogue. Weights lie as each launcher
 * says. Everything is FP32 or, where half is set, FP16 in memory and FP32 in arithmetic. */
#ifndef GD_KERNELS_CONV2D_DIRECT_H
#define GD_KERNELS_CONV2D_DIRECT_H

#include <cuda_runtime_api.h>

#include "kernels/cuda/epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_direct {
    const void  *x, *w;
    int64_t      x_pitch, w_pitch; /* elements */
    int32_t      N, H, W, C, P, Q, K, R, S;
    int32_t      stride[2], pad[2], dilation[2]; /* pad: top, left */
    int32_t      groups, half, n_sm;
    int32_t      width; /* of the FP16 stem: gdk_stem_width */
    gdk_epilogue e;
} gdk_direct;

/* Weights of a stem, or where taps > 0 of a depthwise layer of K channels, to their packed
 * form of n elements: what gdk_stem_pack and its kin do on the host. */
typedef struct gdk_pack {
    const void *w;
    void       *to;
    int64_t     pitch; /* elements */
    int32_t     n, K, taps;
    int32_t     width, size, half; /* of a stem; half also of a depthwise layer */
} gdk_pack;

cudaError_t gdk_conv2d_pack_launch(const gdk_pack *p, cudaStream_t stream);

/* C = 3, w packed by gdk_stem_pack, square filter of one of the shapes gdk_stem_has knows. */
cudaError_t gdk_conv2d_stem_f16_launch(const gdk_direct *p, cudaStream_t stream);
/* C = 3, w packed by gdk_stem_pack_f32, same filters. */
cudaError_t gdk_conv2d_stem_f32_launch(const gdk_direct *p, cudaStream_t stream);
/* groups = C = K a multiple of a 16-byte vector, w packed as [R][S][C] in FP32. */
cudaError_t gdk_conv2d_dw_launch(const gdk_direct *p, cudaStream_t stream);
/* Anything, w [K, R, S, C / groups] at w_pitch as it is. */
cudaError_t gdk_conv2d_any_launch(const gdk_direct *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
