/* top_k_cuda.h -- parameters of the CUDA kernels of top-k. */
#ifndef GD_KERNELS_TOP_K_CUDA_H
#define GD_KERNELS_TOP_K_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#include "kernels/top_k/top_k_pick.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a part has left, besides the keys themselves. Quantile q stands for the first
 * (q + 1) k / 32 of its ranks, rounded up: none of them is beyond edge[q], and no key up to
 * edge[q] lies behind the first upto[q]. Edges ascend. */
typedef struct gdk_top_k_part {
    uint32_t n;                         /* keys */
    uint32_t edge[GDK_TOP_K_QUANTILES]; /* a rank; UINT32_MAX where the part has not as many */
    uint32_t upto[GDK_TOP_K_QUANTILES];
} gdk_top_k_part;

typedef struct gdk_top_k_args {
    const float   *score;
    const int32_t *count; /* or NULL */
    float         *value;
    int32_t       *index, *found;
    int64_t        score_pitch, value_pitch, index_pitch;
    int32_t        B, n, k;
    gdk_top_k_plan plan;
    /* Only with parts: */
    uint64_t       *kept; /* [B, parts, room] keys */
    gdk_top_k_part *part; /* [B, parts] */
} gdk_top_k_args;

/* Leaves the k best of each part in kept; only with parts. */
cudaError_t gdk_top_k_thin_launch(const gdk_top_k_args *a, cudaStream_t stream);
/* All of it. */
cudaError_t gdk_top_k_launch(const gdk_top_k_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
