/* match_cuda.h -- parameters of the CUDA kernels that match boxes with ground truth. */
#ifndef GD_KERNELS_MATCH_CUDA_H
#define GD_KERNELS_MATCH_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_MATCH_BLOCK = 256 }; /* rows of a block */

typedef struct gdk_match_args {
    const float   *box, *gt;
    const int32_t *gt_count, *count; /* count may be NULL */
    int32_t       *match;
    int64_t        box_pitch, gt_pitch, match_pitch;
    int32_t        B, A, G, blocks;
    int32_t        each; /* boxes differ from picture to picture */
    int32_t        low_quality, claim;
    float          high, low;
    /* Scratch; the last three where low_quality or claim is set. */
    uint64_t *key;  /* [B][G]: bits of the largest IoU with a box, then ~row of the first */
    uint32_t *most; /* [B][blocks][G]: bits of the largest IoU within a block */
    int32_t  *best; /* [B][A]: the box of the largest IoU */
} gdk_match_args;

cudaError_t gdk_match_launch(const gdk_match_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
