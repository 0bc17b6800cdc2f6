/* top_k_cuda.h -- parameters of the CUDA kernels of top-k. */
#ifndef GD_KERNELS_TOP_K_CUDA_H
#define GD_KERNELS_TOP_K_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#include "kernels/top_k/top_k_pick.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_top_k_args {
    const float   *score;
    const int32_t *count; /* or NULL */
    float         *value;
    int32_t       *index, *found;
    int64_t        score_pitch, value_pitch, index_pitch;
    int32_t        B, n, k;
    gdk_top_k_plan plan;
    uint64_t      *kept;  /* [B, parts, room] keys; only with parts */
    uint32_t      *bound; /* [B, parts] ranks; at least k / parts of a part are not beyond it */
} gdk_top_k_args;

cudaError_t gdk_top_k_launch(const gdk_top_k_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
