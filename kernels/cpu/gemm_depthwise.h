/* gemm_depthwise.h -- the inner kernels of depthwise convolution.
 *
 *   tile[i][j] = init[j] + sum over taps t of row[t * rows + i][j] * w[t * width + j]
 *
 * i < rows pixels, j < width channels: the plan of gemm.h with a vector where that spreads one
 * number. Panels are 2 * lanes channels wide, the last one `lanes` when that suffices. */
#ifndef GD_KERNELS_CPU_GEMM_DEPTHWISE_H
#define GD_KERNELS_CPU_GEMM_DEPTHWISE_H

#include "kernels/cpu/gemm.h"

enum {
    GDK_DEPTHWISE_ROWS = 6,
    GDK_DEPTHWISE_TAPS = 49 /* most that the rows built on these kernels take */
};

typedef void (*gdk_depthwise_fn)(const float *const *row, int64_t offset, int64_t taps,
                                 const float *w, const float *init, float *tile);

typedef struct gdk_depthwise {
    int              lanes;
    gdk_depthwise_fn fn[2][GDK_DEPTHWISE_ROWS]; /* [vectors of the panel - 1][rows - 1] */
} gdk_depthwise;

/* The best kernels for this machine, and the i-th best (NULL: no more), as in gemm.h. `offset`
 * is added to every row pointer. */
const gdk_depthwise *gdk_depthwise_get(void);
const gdk_depthwise *gdk_depthwise_variant(int i);
/* The best whose vectors divide the channels, or NULL. */
const gdk_depthwise *gdk_depthwise_for(int64_t channels);

#endif
