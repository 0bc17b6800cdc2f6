/* roi_align_bwd_cuda.h -- parameters of the CUDA kernels of RoIAlign's gradient. */
#ifndef GD_KERNELS_ROI_ALIGN_BWD_CUDA_H
#define GD_KERNELS_ROI_ALIGN_BWD_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#include "kernels/roi_align/roi_align.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_ROI_BWD_ROWS = 8, GDK_ROI_BWD_COLUMNS = 4 }; /* cells of a block: a warp a row */

typedef struct gdk_roi_align_bwd_args {
    const void    *d_out; /* [B * n, out_h, out_w, C] */
    const float   *box;
    const int32_t *count, *level; /* or NULL */
    void          *d_f;           /* [B, H, W, C] */
    int64_t        box_pitch, level_pitch, d_out_pitch, d_f_pitch;
    int32_t        B, n, C, H, W;
    int32_t        which;  /* this level */
    int32_t        wide;   /* 1: F32, 0: F16 */
    int32_t        vector; /* pixels of both are 16-byte aligned, C too */
    int32_t        early;  /* may start while the kernel before it ends */
    gd_roi_align   attr;
} gdk_roi_align_bwd_args;

cudaError_t gdk_roi_align_bwd_launch(const gdk_roi_align_bwd_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
