/* conv2d_simt.h -- launcher of the strict FP32 products of convolution and linear. */
#ifndef GD_KERNELS_CONV2D_SIMT_H
#define GD_KERNELS_CONV2D_SIMT_H

#include "kernels/conv2d/conv2d_mma.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Both take the parameters of the tensor-core kernel; blocks, part, tile and smem are those of
 * conv2d_simt_pick.h, and stages is not read. Ready: once for each plan, lets its kernel have
 * what shared memory a block may have; plans that share a kernel ask for different amounts. */
cudaError_t gdk_conv2d_simt_ready(const gdk_conv2d_mma *p, size_t smem_optin);
cudaError_t gdk_conv2d_simt_launch(const gdk_conv2d_mma *p, cudaStream_t stream);
/* The same for tiles of eight rows a thread alone; what the two above call. */
cudaError_t gdk_conv2d_simt_low_ready(const gdk_conv2d_mma *p, size_t smem_optin);
cudaError_t gdk_conv2d_simt_low_launch(const gdk_conv2d_mma *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
