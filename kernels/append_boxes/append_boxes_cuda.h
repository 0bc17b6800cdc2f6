/* append_boxes_cuda.h -- parameters of the CUDA kernel of boxes behind boxes. */
#ifndef GD_KERNELS_APPEND_BOXES_CUDA_H
#define GD_KERNELS_APPEND_BOXES_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_append_boxes_args {
    const float   *box, *gt;
    const int32_t *count, *gt_count;
    float         *out;
    int32_t       *out_count;
    int64_t        box_pitch, gt_pitch, out_pitch;
    int32_t        B, P, G;
} gdk_append_boxes_args;

cudaError_t gdk_append_boxes_launch(const gdk_append_boxes_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
