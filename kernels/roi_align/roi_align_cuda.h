/* roi_align_cuda.h -- parameters of the CUDA kernels of RoIAlign. */
#ifndef GD_KERNELS_ROI_ALIGN_CUDA_H
#define GD_KERNELS_ROI_ALIGN_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#include "kernels/roi_align/roi_align.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_roi_feature {
    const void *data;
    int64_t     pitch; /* elements */
    int32_t     H, W;
} gdk_roi_feature;

typedef struct gdk_roi_align_args {
    const float    *box;
    const int32_t  *count, *level; /* or NULL */
    void           *out;
    int64_t         box_pitch, level_pitch, out_pitch;
    int32_t         B, n, C;
    int32_t         wide;   /* 1: F32 features, 0: F16 */
    int32_t         vector; /* pixels of features and output are 16-byte aligned, C too */
    gdk_roi_feature feature[GD_ROI_MAX_SCALE];
    gd_roi_align    attr;
} gdk_roi_align_args;

cudaError_t gdk_roi_align_launch(const gdk_roi_align_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
