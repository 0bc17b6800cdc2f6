/* gemm_outer.h -- the inner kernels of weight gradients: a sum of outer products.
 *
 *   tile[i][j] += sum over pixels m of a[m * step + i] * b[m * width + j]
 *
 * i < rows filters, j < width columns of the weights: gemm.h with the pixels summed over. Both
 * operands are packed, so that the kernel reads them in order; sums stay in registers. The rows
 * of a pixel are a fixed step apart, which makes packing them one copy of a fixed size. */
#ifndef GD_KERNELS_CPU_GEMM_OUTER_H
#define GD_KERNELS_CPU_GEMM_OUTER_H

#include "kernels/cpu/gemm.h"

/* Floats from one pixel to the next of a tile of so many rows. */
static inline int gdk_outer_step(int rows) { return rows <= 8 ? 8 : 16; }

typedef void (*gdk_outer_fn)(const float *a, const float *b, int64_t pixels, float *tile);

typedef struct gdk_outer {
    int          lanes, rows; /* as in gdk_gemm, and equal to those of the same set there */
    gdk_outer_fn fn[2][GDK_GEMM_ROWS]; /* [vectors of the panel - 1][rows - 1] */
} gdk_outer;

/* The best kernels for this machine, and the i-th best (NULL: no more), as in gemm.h. */
const gdk_outer *gdk_outer_get(void);
const gdk_outer *gdk_outer_variant(int i);

#endif
