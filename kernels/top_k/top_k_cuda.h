/* top_k_cuda.h -- parameters of the CUDA kernels of top-k. */
#ifndef GD_KERNELS_TOP_K_CUDA_H
#define GD_KERNELS_TOP_K_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#include "kernels/top_k/top_k_bin.h"
#include "kernels/top_k/top_k_pick.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a part has left, besides the keys themselves: where zones of bins end among them. */
typedef struct gdk_top_k_part {
    uint32_t       bound; /* at least k / parts of its ranks are not beyond it */
    uint32_t       wide;  /* bin i lies in zone i >> wide */
    gdk_top_k_line line;
    uint32_t       n;                     /* keys */
    uint32_t       zone[GDK_TOP_K_ZONES]; /* keys up to the end of a zone */
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
