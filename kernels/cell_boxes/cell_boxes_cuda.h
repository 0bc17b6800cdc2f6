/* cell_boxes_cuda.h -- parameters of the CUDA kernels of boxes of cells. */
#ifndef GD_KERNELS_CELL_BOXES_CUDA_H
#define GD_KERNELS_CELL_BOXES_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_cell_boxes_args {
    const float *x, *d_out; /* d_out: of the gradient */
    float       *out;
    int64_t      x_pitch, d_pitch, out_pitch;
    int32_t      cells, H, W; /* cells: of all pictures */
    float        stride;
} gdk_cell_boxes_args;

typedef struct gdk_cell_encode_args {
    const float   *gt, *point;
    const int32_t *match;
    float         *out;
    int64_t        gt_pitch, point_pitch, match_pitch, out_pitch;
    int32_t        B, G, A;
} gdk_cell_encode_args;

cudaError_t gdk_cell_boxes_launch(const gdk_cell_boxes_args *a, cudaStream_t stream);
cudaError_t gdk_cell_boxes_bwd_launch(const gdk_cell_boxes_args *a, cudaStream_t stream);
cudaError_t gdk_cell_encode_launch(const gdk_cell_encode_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
