/* class_best_cuda.h -- parameters of the CUDA kernel of the likeliest class. */
#ifndef GD_KERNELS_CLASS_BEST_CUDA_H
#define GD_KERNELS_CLASS_BEST_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_class_best_level {
    const float *x;
    int64_t      pitch;
    int32_t      cells;
    int32_t      first; /* row of its first cell in the outputs */
} gdk_class_best_level;

typedef struct gdk_class_best_args {
    gdk_class_best_level level[4];
    int32_t              n_level, B, n, classes;
    float               *score;
    int32_t             *label;
    int64_t              score_pitch, label_pitch;
} gdk_class_best_args;

cudaError_t gdk_class_best_launch(const gdk_class_best_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
