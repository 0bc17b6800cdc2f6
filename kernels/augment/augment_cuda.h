/* augment_cuda.h -- parameters and launcher of the augmentation kernel. */
#ifndef GD_KERNELS_AUGMENT_CUDA_H
#define GD_KERNELS_AUGMENT_CUDA_H

#include "kernels/augment/augment_layer.h"
#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_augment_cuda {
    const uint8_t     *pixels; /* [P, 3] */
    const float       *layers; /* [B, S] rows of GD_LAYER at `layer_pitch` */
    float             *out;    /* [B, out_h, out_w] pixels at `pitch` */
    int64_t            n_pixels, layer_pitch, pitch;
    int32_t            B, S, out_h, out_w;
    gdk_augment_values values;
} gdk_augment_cuda;

cudaError_t gdk_augment_launch(const gdk_augment_cuda *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
