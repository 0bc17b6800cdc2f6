/* channel_scale_bwd_cuda.h -- parameters of the CUDA kernels of channel_scale's gradient. */
#ifndef GD_KERNELS_CHANNEL_SCALE_BWD_CUDA_H
#define GD_KERNELS_CHANNEL_SCALE_BWD_CUDA_H

#include "kernels/cuda/columns_pick.h"
#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_channel_scale_bwd {
    const void *d_y, *x, *s;
    void       *d_x, *d_s;
    float      *part; /* scratch */
    int64_t     d_y_pitch, x_pitch, s_pitch, d_x_pitch, d_s_pitch;
    int32_t     wide;  /* floats, not halves */
    int32_t     early; /* may start while the kernel before it ends */
    gdk_columns cut;
} gdk_channel_scale_bwd;

cudaError_t gdk_channel_scale_bwd_launch(const gdk_channel_scale_bwd *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
