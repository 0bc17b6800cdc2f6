/* attention_cuda.h -- parameters of the CUDA kernels of attention. */
#ifndef GD_KERNELS_ATTENTION_CUDA_H
#define GD_KERNELS_ATTENTION_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_ATTENTION_SIMT_MOST = 128 }; /* channels of a head */

typedef struct gdk_attention_args {
    const void  *q, *k, *v; /* halves, or floats where `wide` */
    const float *mask;      /* NULL: every key takes part */
    void        *out;
    int64_t      q_pitch, k_pitch, v_pitch, out_pitch, mask_pitch;
    int32_t      queries, keys, heads, d;
    int32_t      groups; /* pictures times heads, at most 65,535 */
    int32_t      wide;
    int32_t      early;  /* may start while the kernel before it ends */
    int32_t      divide; /* attention_pick.h: whether warps share queries, ... */
    int32_t      split;  /* ... blocks that share keys, ... */
    int32_t      part;   /* ... and tiles of keys of each but the last */
    float        scale;
} gdk_attention_args;

/* Halves, d 32 or 64, pitches multiples of 8. */
cudaError_t gdk_attention_mma_launch(const gdk_attention_args *a, cudaStream_t stream);
/* d up to GDK_ATTENTION_SIMT_MOST, any pitch. */
cudaError_t gdk_attention_simt_launch(const gdk_attention_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
