/* resize_bwd_cuda.h -- parameters and launcher of the gradient of resizing feature maps. */
#ifndef GD_KERNELS_RESIZE_BWD_CUDA_H
#define GD_KERNELS_RESIZE_BWD_CUDA_H

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/fastdiv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The output positions that read input position h: first .. end - 1. */
typedef struct gdk_resize_reach {
    int32_t first, end;
} gdk_resize_reach;

/* dy [B, out_h, out_w, C] -> dx [B, H, W, C]. A unit is V channels of a pixel of dx: 16 bytes
 * where `vec`, else one element. */
typedef struct gdk_resize_bwd {
    const void       *dy;
    void             *dx;
    int64_t           dy_pitch, dx_pitch;
    void             *tap;   /* scratch: gdk_resize_tap of out_h rows, then of out_w columns */
    gdk_resize_reach *reach; /* scratch: of H rows, then of W columns */
    int32_t           H, W, out_h, out_w, bilinear;
    int32_t           wide, vec;  /* 1: F32, 0: F16; whole 16-byte units only */
    int32_t           early;      /* may start while the kernel before it ends */
    float       scale_y, scale_x; /* H / out_h, W / out_w in float32, as PyTorch has them */
    uint32_t    n;                /* units of dx */
    gdk_fastdiv unit, by_W, by_H;
} gdk_resize_bwd;

cudaError_t gdk_resize_bwd_launch(const gdk_resize_bwd *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
