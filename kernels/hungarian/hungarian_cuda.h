/* hungarian_cuda.h -- parameters of the CUDA kernels of DETR's assignment. */
#ifndef GD_KERNELS_HUNGARIAN_CUDA_H
#define GD_KERNELS_HUNGARIAN_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_HUNGARIAN_MOST = 1024 }; /* queries, boxes: what shared memory takes */

typedef struct gdk_hungarian_args {
    const float   *logit, *box, *gt;
    const int32_t *label, *gt_count;
    int32_t       *match;
    int64_t        logit_pitch, box_pitch, gt_pitch, label_pitch, match_pitch;
    int32_t        B, Q, C, G;
    float          class_cost, l1, giou;
    double        *cost; /* scratch [B][G][Q] */
} gdk_hungarian_args;

cudaError_t gdk_hungarian_launch(const gdk_hungarian_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
