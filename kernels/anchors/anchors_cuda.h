/* anchors_cuda.h -- parameters of the CUDA kernel of the anchor grid. */
#ifndef GD_KERNELS_ANCHORS_CUDA_H
#define GD_KERNELS_ANCHORS_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#include "kernels/anchors/anchors.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_anchors_args {
    float     *out;
    int64_t    out_pitch;
    int32_t    H, W;
    gd_anchors attr;
} gdk_anchors_args;

cudaError_t gdk_anchors_launch(const gdk_anchors_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
