/* match_labels_cuda.h -- parameters of the CUDA kernels of class targets. */
#ifndef GD_KERNELS_MATCH_LABELS_CUDA_H
#define GD_KERNELS_MATCH_LABELS_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_match_labels_args {
    const int32_t *match, *gt_label;
    int32_t       *label;
    float         *weight, *positive, *rows, *positives;
    int64_t        match_pitch, gt_pitch, label_pitch, weight_pitch, positive_pitch;
    int32_t        B, n, G, first, background, per_picture;
    float          extra;
    uint32_t      *found; /* scratch [B][2]: rows with weight, positive ones */
} gdk_match_labels_args;

cudaError_t gdk_match_labels_launch(const gdk_match_labels_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
