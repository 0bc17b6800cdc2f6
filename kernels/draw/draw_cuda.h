/* draw_cuda.h -- parameters and launcher of drawing. */
#ifndef GD_KERNELS_DRAW_CUDA_H
#define GD_KERNELS_DRAW_CUDA_H

#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_draw_args {
    const uint8_t *x, *atlas;
    const int32_t *list;
    uint8_t       *y; /* may be x */
    int64_t        x_pitch, y_pitch, list_pitch, atlas_bytes;
    int32_t        width, height, room;
} gdk_draw_args;

cudaError_t gdk_draw_launch(const gdk_draw_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
