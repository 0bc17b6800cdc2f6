/* yuv_rgb_cuda.h -- parameters and launcher of the way from decoded planes to RGB. */
#ifndef GD_KERNELS_YUV_RGB_CUDA_H
#define GD_KERNELS_YUV_RGB_CUDA_H

#include "kernels/cuda/cuda.h"
#include "kernels/yuv_rgb/yuv_rgb_pixel.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_yuv_rgb_cuda {
    const uint8_t *luma, *chroma;
    uint8_t       *rgb;
    int64_t        luma_pitch, chroma_pitch, pitch; /* bytes: a row, a row, a pixel */
    int32_t        H, W;
    int32_t        words; /* rows of four pixels can be read and written as words */
    const float   *gain;  /* [GD_YUV_GAIN] */
} gdk_yuv_rgb_cuda;

cudaError_t gdk_yuv_rgb_launch(const gdk_yuv_rgb_cuda *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
