/* class_boxes_cuda.h -- parameters of the CUDA kernels of per-class selection. */
#ifndef GD_KERNELS_CLASS_BOXES_CUDA_H
#define GD_KERNELS_CLASS_BOXES_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_class_boxes_args {
    const float   *score, *box;
    const int32_t *count; /* or NULL */
    float         *box_out, *score_out, *top;
    int32_t       *label, *found, *dropped;
    int64_t        score_pitch, box_pitch, box_out_pitch, score_out_pitch, label_pitch;
    int32_t        B, n, classes, capacity, background, per_class;
    int32_t        shared; /* one box a row, not one a class */
    float          min_score, min_size;
    uint64_t      *limit;     /* [B, classes] last key that stays; NULL where per_class is 0 */
    int32_t       *row_count; /* [B, n] candidates of a row */
    float         *row_top;   /* [B, n] */
} gdk_class_boxes_args;

cudaError_t gdk_class_boxes_launch(const gdk_class_boxes_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
