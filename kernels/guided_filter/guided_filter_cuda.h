/* guided_filter_cuda.h -- parameters and launcher of the guided filter. */
#ifndef GD_KERNELS_GUIDED_FILTER_CUDA_H
#define GD_KERNELS_GUIDED_FILTER_CUDA_H

#include "kernels/cuda/cuda.h"
#include "kernels/guided_filter/guided_filter.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One picture, or a stripe of its rows. Planes are [lines][stride rows][W]. */
typedef struct gdk_guided_cuda {
    gdk_guided   k;
    const float *p, *I; /* pixel (0, 0) of the picture */
    float       *q;
    int64_t      p_pitch, I_pitch, q_pitch;
    float       *sums, *ab;         /* max(n_moment, n_coef) planes, n_coef planes */
    int64_t      plane;             /* floats of a plane */
    int32_t      first, last;       /* rows of the output */
    int32_t      first_ab, last_ab; /* rows of windows that these need */
} gdk_guided_cuda;

cudaError_t gdk_guided_filter_launch(const gdk_guided_cuda *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
