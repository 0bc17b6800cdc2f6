/* winograd.h -- 3x3 convolution of stride 1 by F(4x4, 3x3): 36 products where there were 144.
 *
 *   Y = A^T [ (G g G^T) . (B^T d B) ] A        Lavin and Gray, 2016 (arXiv 1509.09308)
 *
 * d is a 6x6 patch of the input, Y a 4x4 patch of the output, g a filter; "." multiplies each
 * of the 36 places and, over all channels, is a product of matrices (gemm.h). Filters are
 * transformed once, in double. Rounding errors grow: weighted sums of d are multiplied before
 * they cancel. */
#ifndef GD_KERNELS_CPU_WINOGRAD_H
#define GD_KERNELS_CPU_WINOGRAD_H

#include "engine/op.h"

typedef struct gdk_winograd_shape {
    int64_t N, H, W, C, P, Q, K;
    int64_t pad[2]; /* top, left */
} gdk_winograd_shape;

/* Whether the inner kernels take it, on this machine: C and K are multiples of 16. */
bool gdk_winograd_takes(const gdk_winograd_shape *s);
/* Whether the plane has patches enough to pay for reading 36 instead of 9 weights. */
bool gdk_winograd_pays(const gdk_winograd_shape *s);

/* Whether it does even where filters are transformed at each run. */
bool gdk_winograd_pays_anew(const gdk_winograd_shape *s);

/* Where the weights of filter k, tap t = 3 r + s and channel c lie: w[k * filter + t * tap +
 * c * channel]. The gradient of the input takes them turned round: taps backward, filters and
 * channels exchanged. */
typedef struct gdk_winograd_filters {
    const float *w;
    int64_t      filter, tap, channel;
} gdk_winograd_filters;

/* Transformed and in panels. */
int64_t gdk_winograd_packed(const gdk_winograd_shape *s); /* floats */
void    gdk_winograd_pack(const gdk_winograd_shape *s, const gdk_winograd_filters *f,
                          float *packed);

size_t gdk_winograd_scratch(const gdk_winograd_shape *s, int threads); /* bytes */
/* x at x_pitch, packed weights, bias or NULL; output, steps and scratch are the launch's. */
void gdk_winograd_run(const gdk_winograd_shape *s, const float *x, int64_t x_pitch,
                      const float *packed, const float *bias, const gd_launch *l, int threads);

#endif
