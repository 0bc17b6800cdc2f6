/* nms_cuda.h -- parameters of the CUDA kernels of non-maximum suppression. */
#ifndef GD_KERNELS_NMS_CUDA_H
#define GD_KERNELS_NMS_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#include "kernels/cuda/round.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a launch passes from kernel to kernel: candidates in the order of their scores. */
typedef struct gdk_nms_work {
    float    *box;    /* [B, n, 4] */
    int32_t  *tag;    /* [B, n, 2]: group, index */
    int32_t  *n_cand; /* [B] */
    uint64_t *word;   /* [B, tiles, 64], nms_stripe.h */
    /* Only where n exceeds the matrix: */
    int32_t *list; /* [B, n]: places, those of a bucket of groups next to each other */
    uint8_t *flag; /* [B, gdk_nms_flags(n)], by place: 1 where it is kept */
} gdk_nms_work;

typedef struct gdk_nms_args {
    const float   *box, *score;
    const int32_t *group, *count; /* or NULL */
    int32_t       *index, *n_out, *dropped;
    float         *top;
    int64_t        box_pitch, score_pitch, group_pitch, index_pitch;
    int32_t        B, n, most; /* most: rows of index */
    float          iou, min_score, min_size;
    float          beta;
    int32_t        strict_score;
    int32_t        plain;   /* gdk_nms_overlaps */
    int32_t        stripes; /* that the matrix has room for */
    int32_t        n_sm;
    int32_t        early; /* may start while the kernel before it ends */
    gdk_nms_work   work;
} gdk_nms_args;

static inline GD_HOST_DEVICE int64_t gdk_nms_flags(int32_t n) {
    return ((int64_t)n + 15) / 16 * 16;
}

/* In this order: order, overlaps, suppression. Groups come before the last, where some picture
 * may have more candidates than its matrix holds. */
cudaError_t gdk_nms_order_launch(const gdk_nms_args *a, cudaStream_t stream);
cudaError_t gdk_nms_overlap_launch(const gdk_nms_args *a, cudaStream_t stream);
cudaError_t gdk_nms_group_launch(const gdk_nms_args *a, cudaStream_t stream);
cudaError_t gdk_nms_keep_launch(const gdk_nms_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
