/* yolox_decode_cuda.h -- parameters of the CUDA kernel of YOLOX decoding. */
#ifndef GD_KERNELS_YOLOX_DECODE_CUDA_H
#define GD_KERNELS_YOLOX_DECODE_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_yolox_decode_level {
    const float *data;
    int64_t      pitch;
    int32_t      W, cells;
    int32_t      first; /* row of its first cell in the outputs */
    float        stride;
} gdk_yolox_decode_level;

typedef struct gdk_yolox_decode_args {
    gdk_yolox_decode_level level[4];
    int32_t                n_level, B, n, classes;
    float                 *box, *score;
    int32_t               *label;
    int64_t                box_pitch, score_pitch, label_pitch;
} gdk_yolox_decode_args;

cudaError_t gdk_yolox_decode_launch(const gdk_yolox_decode_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
