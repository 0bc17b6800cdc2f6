/* query_decode_cuda.h -- parameters of the CUDA kernel of decoding queries. */
#ifndef GD_KERNELS_QUERY_DECODE_CUDA_H
#define GD_KERNELS_QUERY_DECODE_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_query_decode_args {
    const float *logits, *raw;
    float       *box, *score;
    int32_t     *label;
    int64_t      logits_pitch, raw_pitch, box_pitch, score_pitch, label_pitch, rows;
    int32_t      n, classes; /* queries of a picture; classes without "no object" */
    int32_t      early;      /* may start while the kernel before it ends */
} gdk_query_decode_args;

cudaError_t gdk_query_decode_launch(const gdk_query_decode_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
