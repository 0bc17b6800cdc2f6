/* simota_cuda.h -- parameters of the CUDA kernels of SimOTA. */
#ifndef GD_KERNELS_SIMOTA_CUDA_H
#define GD_KERNELS_SIMOTA_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_simota_args {
    const float   *box, *object, *logit, *point, *gt;
    const int32_t *label, *gt_count;
    int32_t       *match, *count;
    float         *iou;
    int64_t        box_pitch, object_pitch, logit_pitch, point_pitch, gt_pitch, label_pitch;
    int64_t        match_pitch, iou_pitch;
    int32_t        B, A, C, G;
    float          radius;
    /* Scratch, [B][A] each. */
    float    *none;   /* cross-entropy with no class; -1: takes no part */
    uint32_t *takers; /* how many boxes take the row */
    int32_t  *taker;  /* the box that does, where it is one */
} gdk_simota_args;

cudaError_t gdk_simota_launch(const gdk_simota_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
