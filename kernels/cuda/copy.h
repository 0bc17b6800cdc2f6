/* copy.h -- one kernel for all operators that move elements: concat, slice, reshape, pads. */
#ifndef GD_KERNELS_CUDA_COPY_H
#define GD_KERNELS_CUDA_COPY_H

#include "kernels/cuda/copy_pick.h"
#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether boxes of so many elements can be counted, of such a size moved. For fits. */
bool gdk_copy_fits(const gd_tensor *y);
/* Copies n boxes of elements of `size` bytes, one launch. */
gd_status gdk_copy_run(const gd_launch *l, const gdk_copy_box *box, int n, size_t size,
                       gd_error *err);

cudaError_t gdk_copy_launch(const gdk_copy *c, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
