/* sample_cuda.h -- parameters of the CUDA kernels of the balanced draw. */
#ifndef GD_KERNELS_SAMPLE_CUDA_H
#define GD_KERNELS_SAMPLE_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GDK_SAMPLE_BINS = 4096, /* of the first bits of keys */
    GDK_SAMPLE_ROOM = 4096, /* keys of a class that may still be among the smallest */
    GDK_SAMPLE_MOST = 2048, /* rows that are drawn */
    /* With so many rows a bin holds 512 on average: MOST and the bin that the last one lies in
     * fit into ROOM, since keys are random. */
    GDK_SAMPLE_ROWS = 512 * GDK_SAMPLE_BINS
};

typedef struct gdk_sample_args {
    const int32_t *match, *rng;
    int32_t       *index, *drawn, *positives, *count;
    int64_t        match_pitch, index_pitch, drawn_pitch;
    int32_t        B, A, n, most_positive, stream;
    /* Scratch, for each picture and class. */
    uint32_t *bin;  /* [B][2][BINS] rows, then [B][2] collected: set to 0 by the launcher */
    uint64_t *kept; /* [B][2][ROOM] keys */
} gdk_sample_args;

cudaError_t gdk_sample_launch(const gdk_sample_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
