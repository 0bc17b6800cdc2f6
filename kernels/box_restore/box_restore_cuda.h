/* box_restore_cuda.h -- parameters of the CUDA kernel of restoring boxes. */
#ifndef GD_KERNELS_BOX_RESTORE_CUDA_H
#define GD_KERNELS_BOX_RESTORE_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_box_restore_args {
    const float *box, *geometry;
    float       *out; /* may be box */
    int64_t      box_pitch, geometry_pitch, out_pitch;
    int32_t      B, n;
    int32_t      mode, clip; /* GD_RESTORE_* */
    int32_t      early;      /* may start while the kernel before it ends */
} gdk_box_restore_args;

cudaError_t gdk_box_restore_launch(const gdk_box_restore_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
