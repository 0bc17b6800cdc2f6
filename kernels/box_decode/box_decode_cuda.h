/* box_decode_cuda.h -- parameters of the CUDA kernel of box decoding. */
#ifndef GD_KERNELS_BOX_DECODE_CUDA_H
#define GD_KERNELS_BOX_DECODE_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_box_decode_args {
    const float   *delta, *anchor, *geometry; /* geometry: only with clip */
    const int32_t *index;                     /* or NULL */
    float         *out;
    int64_t        delta_pitch, anchor_pitch, geometry_pitch, index_pitch, out_pitch;
    int32_t        B, n, k, groups;
    int32_t        anchors_each; /* anchors of their own for each picture */
    int32_t        clip;
    float          weights[4], max_log;
} gdk_box_decode_args;

cudaError_t gdk_box_decode_launch(const gdk_box_decode_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
