/* resize_cuda.h -- parameters and launcher of the map-resizing kernel. */
#ifndef GD_KERNELS_RESIZE_CUDA_H
#define GD_KERNELS_RESIZE_CUDA_H

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/fastdiv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* x [B, H, W, C] -> y [B, out_h, out_w, C]. A unit is V channels of a pixel: 16 bytes where
 * `vec`, else one element. */
typedef struct gdk_resize {
    const void *x;
    void       *y;
    int64_t     x_pitch, y_pitch; /* elements */
    int32_t     H, W, bilinear;
    int32_t     wide, vec;        /* 1: F32, 0: F16; whole 16-byte units only */
    float       scale_y, scale_x; /* H / out_h, W / out_w, rounded to float32 as PyTorch does */
    uint32_t    n_row, n_unit;    /* B * out_h; units of a row of y */
    gdk_fastdiv unit, out_h;      /* units of a pixel; rows of a picture */
} gdk_resize;

cudaError_t gdk_resize_launch(const gdk_resize *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
