/* channel_scale_cuda.h -- parameters of the CUDA kernel of channel_scale. */
#ifndef GD_KERNELS_CHANNEL_SCALE_CUDA_H
#define GD_KERNELS_CHANNEL_SCALE_CUDA_H

#include <cuda_runtime_api.h>

#include "kernels/cuda/fastdiv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A unit is 16 bytes of channels: 4 floats or 8 halves. */
typedef struct gdk_channel_scale_args {
    const void *x, *s;
    void       *y; /* may be x */
    int64_t     x_pitch, s_pitch, y_pitch;
    gdk_fastdiv unit;  /* units of a pixel */
    gdk_fastdiv plane; /* pixels of a picture */
    uint32_t    n;     /* units in all */
    int32_t     C;
    int32_t     wide; /* floats, not halves */
    int32_t     vec;  /* every pixel begins at a 16-byte boundary */
} gdk_channel_scale_args;

cudaError_t gdk_channel_scale_launch(const gdk_channel_scale_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
