/* separable_cuda.h -- parameters and launcher of the separable filters. */
#ifndef GD_KERNELS_SEPARABLE_CUDA_H
#define GD_KERNELS_SEPARABLE_CUDA_H

#include "kernels/cuda/cuda.h"
#include "kernels/separable/separable.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_SECOND_TAPS = 7 }; /* the second pair is sobel's */

typedef struct gdk_separable_cuda {
    const float *x;
    float       *mid; /* [n_pair][rows][width]: sums along x */
    float       *y;
    int64_t      x_pitch, y_pitch, rows; /* rows of all pictures */
    int32_t      H, W, C, width;         /* width = W * C */
    int32_t      n_pair, after, n_y, n_x;
    float        amount;
    float        ky[GDK_MOST_TAPS], kx[GDK_MOST_TAPS];
    float        ky2[GDK_SECOND_TAPS], kx2[GDK_SECOND_TAPS];
} gdk_separable_cuda;

cudaError_t gdk_separable_launch(const gdk_separable_cuda *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
