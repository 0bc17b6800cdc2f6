/* yolo_decode_cuda.h -- parameters of the CUDA kernel that decodes anchor heads. */
#ifndef GD_KERNELS_YOLO_DECODE_CUDA_H
#define GD_KERNELS_YOLO_DECODE_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#include "kernels/yolo_decode/yolo_decode.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_yolo_decode_level {
    const float *data;
    int64_t      pitch;
    int32_t      W, cells, anchors;
    int32_t      first; /* row of its first anchor in the outputs */
    float        stride, scale_xy;
    float        anchor[2 * GD_YOLO_MAX_ANCHOR];
} gdk_yolo_decode_level;

typedef struct gdk_yolo_decode_args {
    gdk_yolo_decode_level level[GD_YOLO_MAX_LEVEL];
    int32_t               n_level, B, n, classes;
    int32_t               square, logits, multi;
    float                *box, *score;
    int32_t              *label;
    int64_t               box_pitch, score_pitch, label_pitch;
} gdk_yolo_decode_args;

cudaError_t gdk_yolo_decode_launch(const gdk_yolo_decode_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
