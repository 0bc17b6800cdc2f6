/* gather_boxes_cuda.h -- parameters of the CUDA kernel that picks boxes by index. */
#ifndef GD_KERNELS_GATHER_BOXES_CUDA_H
#define GD_KERNELS_GATHER_BOXES_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_gather_boxes_args {
    const float   *box, *score;
    const int32_t *label, *index, *count; /* label and count may be NULL */
    float         *box_out, *score_out;
    int32_t       *label_out;
    int64_t        box_pitch, score_pitch, label_pitch, index_pitch;
    int64_t        box_out_pitch, score_out_pitch, label_out_pitch;
    int32_t        B, n, m;
    int32_t        early; /* may start while the kernel before it ends */
} gdk_gather_boxes_args;

cudaError_t gdk_gather_boxes_launch(const gdk_gather_boxes_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
