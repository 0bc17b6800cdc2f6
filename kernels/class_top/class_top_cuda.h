/* class_top_cuda.h -- parameters of the CUDA kernels of the best classes of a dense head. */
#ifndef GD_KERNELS_CLASS_TOP_CUDA_H
#define GD_KERNELS_CLASS_TOP_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#include "kernels/class_top/class_top.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GDK_CLASS_TOP_MOST = 2048,      /* largest k */
    GDK_CLASS_TOP_ROOM = 32 * 1024, /* candidates of a level and picture that are collected */
    GDK_CLASS_TOP_CELLS = 32        /* of a block that looks for them */
};

typedef struct gdk_class_top_level {
    const float *head;
    int64_t      pitch;
    int32_t      cells, channels; /* of a picture, of a cell */
    int32_t      block;           /* the first that looks at this level */
    int32_t      row;             /* number of its first row */
    int32_t      at, most;        /* its part of the outputs */
} gdk_class_top_level;

typedef struct gdk_class_top_args {
    gdk_class_top_level level[GD_CLASS_TOP_LEVELS];
    float              *score;
    int32_t            *row, *label;
    float              *top;
    int64_t             score_pitch, row_pitch, label_pitch;
    uint64_t           *key;   /* [B, levels, ROOM] */
    uint32_t           *count; /* [B, levels], then [B] the inverted rank of the best */
    int32_t             B, levels, blocks;
    int32_t             classes, background;
    float               min_score, least;
} gdk_class_top_args;

cudaError_t gdk_class_top_launch(const gdk_class_top_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
