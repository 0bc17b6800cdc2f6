/* attention_bwd_cuda.h -- parameters of the CUDA kernels of attention's gradient. */
#ifndef GD_KERNELS_ATTENTION_BWD_CUDA_H
#define GD_KERNELS_ATTENTION_BWD_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_ATTENTION_BWD_MOST = 128 /* channels of a head */, GDK_ATTENTION_BWD_STATS = 4 };

typedef struct gdk_attention_bwd_args {
    const void  *dy, *q, *k, *v; /* halves, or floats where `wide` */
    const float *mask;           /* NULL: every key takes part */
    void        *dq, *dk, *dv;
    float       *stat; /* scratch: largest, 1 / sum, sum of w e of each query; one unused */
    int64_t      dy_pitch, q_pitch, k_pitch, v_pitch, dq_pitch, dk_pitch, dv_pitch, mask_pitch;
    int32_t      queries, keys, heads, d;
    int32_t      groups; /* pictures times heads, at most 65,535 */
    int32_t      wide;
    int32_t      early; /* may start while the kernel before it ends */
    float        scale;
} gdk_attention_bwd_args;

cudaError_t gdk_attention_bwd_launch(const gdk_attention_bwd_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
