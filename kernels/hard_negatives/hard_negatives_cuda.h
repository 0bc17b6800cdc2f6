/* hard_negatives_cuda.h -- parameters of the CUDA kernels of the mining of negatives. */
#ifndef GD_KERNELS_HARD_NEGATIVES_CUDA_H
#define GD_KERNELS_HARD_NEGATIVES_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_hard_negatives_args {
    const float   *logit;
    const int32_t *match;
    float         *weight;
    int64_t        logit_pitch, match_pitch, weight_pitch;
    int32_t        B, A, C, background;
    float          ratio;
    uint32_t      *positives; /* scratch [B] */
    float         *loss;      /* scratch [B][A], of negatives */
} gdk_hard_negatives_args;

cudaError_t gdk_hard_negatives_launch(const gdk_hard_negatives_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
