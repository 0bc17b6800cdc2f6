/* box_encode_cuda.h -- parameters of the CUDA kernel of regression targets. */
#ifndef GD_KERNELS_BOX_ENCODE_CUDA_H
#define GD_KERNELS_BOX_ENCODE_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_box_encode_args {
    const float   *gt, *box;
    const int32_t *match;
    float         *out;
    int64_t        gt_pitch, box_pitch, match_pitch, out_pitch;
    int32_t        B, G, n;
    int32_t        each; /* boxes differ from picture to picture */
    float          weights[4];
} gdk_box_encode_args;

cudaError_t gdk_box_encode_launch(const gdk_box_encode_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
