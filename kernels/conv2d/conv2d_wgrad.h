/* conv2d_wgrad.h -- the gradient of a convolution's weights: parameters of its CUDA kernels.
 *
 *   dw[k, r, s, c] = sum over pixels m = (n, p, q) of dy[m, k] * x[n, h, v, c],
 *   h = p * stride - top + r * dilation, v = q * stride - left + s * dilation
 *
 * is a product of matrices whose reduction runs over the pixels, of which there are many, while
 * its output is small. So the pixels are cut into `splits` ranges; each range's sums go to
 * `part` and one kernel adds them in their order: the same bits in every run. */
#ifndef GD_KERNELS_CONV2D_CONV2D_WGRAD_H
#define GD_KERNELS_CONV2D_CONV2D_WGRAD_H

#include <cuda.h>
#include <cuda_runtime_api.h>

#include "kernels/cuda/epilogue.h"
#include "kernels/cuda/fastdiv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Columns of the product are the filter's taps, and in each its channels in groups of 16 bytes
 * (8 halves, 4 floats), the last of which may be partial: what x holds there is multiplied and
 * dropped. Groups of filters are read alike. */
typedef struct gdk_wgrad {
    const void *x, *dy;            /* pixels begin at 16-byte boundaries (`any`: anywhere) */
    int64_t     x_pitch, dy_pitch; /* bytes */
    float      *part;              /* [splits][K][R * S][C] */
    int32_t     M, K, C;           /* pixels of dy, filters, channels of a filter */
    int32_t     H, W, R, S;
    int32_t     stride[2], pad[2], dilation[2];
    int32_t     groups;         /* `any`: of filters and channels */
    int32_t     half;           /* `any` and sum_pixels: F16 operands, else F32 */
    int32_t     steps, splits;  /* of GDK_WGRAD_STEP pixels; ranges of them */
    int32_t     tiles_k, tiles; /* of the output: along filters, in all */
    int32_t     tile, stages;
    gdk_fastdiv by_pq, by_q, by_c; /* P * Q, Q, groups of 16 bytes of a tap */
} gdk_wgrad;

/* The same through tensor maps: columns in blocks of 64 channels of one tap. */
typedef struct gdk_wgrad_wgmma {
    CUtensorMap x, dy; /* im2col over x, boxes of 64 x 64 of dy */
    float      *part;
    int32_t     K, C, S, taps;
    int32_t     Q, PQ;
    int32_t     stride_h, stride_w, pad_h, pad_w, dil_h, dil_w;
    int32_t     blocks_a_tap, blocks; /* of columns */
    int32_t     steps, splits;        /* of 64 pixels */
    int32_t     tiles_k, tiles;
    int32_t     tile; /* of gdk_wgrad_wgmma_tiles */
} gdk_wgrad_wgmma;

/* dw from part: rows of C columns, through the epilogue (steps, F16 or F32). */
typedef struct gdk_wgrad_sum {
    const float *part;
    int64_t      rows;
    int32_t      C, splits;
    int32_t      early; /* sm_90 on: may start while the kernel before it ends */
    gdk_epilogue e;
} gdk_wgrad_sum;

cudaError_t gdk_wgrad_mma_ready(int tile);
cudaError_t gdk_wgrad_mma_launch(const gdk_wgrad *p, cudaStream_t stream);
cudaError_t gdk_wgrad_simt_launch(const gdk_wgrad *p, cudaStream_t stream);
cudaError_t gdk_wgrad_any_launch(const gdk_wgrad *p, cudaStream_t stream);
cudaError_t gdk_wgrad_wgmma_ready(int tile);
cudaError_t gdk_wgrad_wgmma_launch(const gdk_wgrad_wgmma *p, int n_sm, cudaStream_t stream);
cudaError_t gdk_wgrad_sum_launch(const gdk_wgrad_sum *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
