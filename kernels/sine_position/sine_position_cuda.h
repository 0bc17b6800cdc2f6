/* sine_position_cuda.h -- parameters of the CUDA kernels of masks and sines of positions. */
#ifndef GD_KERNELS_SINE_POSITION_CUDA_H
#define GD_KERNELS_SINE_POSITION_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_padding_mask_args {
    const float *geometry;
    float       *mask;
    int64_t      geometry_pitch, mask_pitch;
    int32_t      B, h, w, net_h, net_w;
    int32_t      early; /* may start while the kernel before it ends */
} gdk_padding_mask_args;

typedef struct gdk_sine_position_args {
    const float *mask;
    void        *out; /* floats where `wide`, else halves */
    int64_t      mask_pitch, out_pitch, pixels;
    int32_t      h, w, half, wide;
    int32_t      early; /* may start while the kernel before it ends */
    float        temperature, scale;
} gdk_sine_position_args;

cudaError_t gdk_padding_mask_launch(const gdk_padding_mask_args *a, cudaStream_t stream);
cudaError_t gdk_sine_position_launch(const gdk_sine_position_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
