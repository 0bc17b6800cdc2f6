/* nms_cuda.h -- parameters of the CUDA kernels of non-maximum suppression. */
#ifndef GD_KERNELS_NMS_CUDA_H
#define GD_KERNELS_NMS_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a launch passes from kernel to kernel: candidates in the order of their scores. */
typedef struct gdk_nms_work {
    float    *box;    /* [B, n, 4] */
    int32_t  *tag;    /* [B, n, 2]: group, index */
    int32_t  *n_cand; /* [B] */
    uint64_t *word;   /* [B, tiles, 64], nms_stripe.h */
    int32_t  *kept;   /* [B, n]: places of the kept ones; only where n exceeds the matrix */
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

/* Three launches: order, overlaps, suppression. */
cudaError_t gdk_nms_order_launch(const gdk_nms_args *a, cudaStream_t stream);
cudaError_t gdk_nms_overlap_launch(const gdk_nms_args *a, cudaStream_t stream);
cudaError_t gdk_nms_keep_launch(const gdk_nms_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
