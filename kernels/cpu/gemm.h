/* gemm.h -- the inner kernels of convolution and linear: pixels times a panel of weights.
 *
 *   tile[i][j] = init[j] + sum over taps t, channels c of row[t * rows + i][c] * w[t][c][j]
 *
 * i < rows pixels, j < width filters. Pixels are read where they lie, one pointer for each tap;
 * weights are packed once into panels of two vectors (the last may be of one), which the kernel
 * reads in order. Accumulators stay in registers. */
#ifndef GD_KERNELS_CPU_GEMM_H
#define GD_KERNELS_CPU_GEMM_H

#include <stdalign.h>

#include "engine/op.h"

enum {
    GDK_GEMM_ROWS = 14,                            /* most pixels of a tile, any machine */
    GDK_GEMM_WIDTH = 32,                           /* most filters of a panel, any machine */
    GDK_GEMM_TILE = GDK_GEMM_ROWS * GDK_GEMM_WIDTH /* floats */
};

typedef void (*gdk_gemm_fn)(const float *const *row, int64_t taps, int64_t depth,
                            const float *w, const float *init, float *tile);

typedef struct gdk_gemm {
    int         lanes; /* floats of a vector; panels are 2 * lanes or lanes wide */
    int         rows;  /* most rows of a tile here */
    gdk_gemm_fn fn[2][GDK_GEMM_ROWS]; /* [vectors of the panel - 1][rows - 1] */
} gdk_gemm;

/* The kernels for this machine: the best set; set i that it can run, best first, then NULL. */
const gdk_gemm *gdk_gemm_get(void);
const gdk_gemm *gdk_gemm_variant(int i);

/* Panels are 2 * lanes wide; the last one is `lanes` wide when that suffices. */
static inline int64_t gdk_gemm_panels(const gdk_gemm *g, int64_t filters) {
    return (filters + 2 * g->lanes - 1) / (2 * g->lanes);
}
static inline int gdk_gemm_vectors(const gdk_gemm *g, int64_t filters, int64_t panel) {
    return filters - panel * 2 * g->lanes > g->lanes ? 2 : 1;
}
/* Floats of the packed form of `filters` filters of `depth` weights; a multiple of 16. */
int64_t gdk_gemm_packed(const gdk_gemm *g, int64_t filters, int64_t depth);
/* w[k * stride + i * step] for k < filters, i < depth, into panels [i][j], padded with zeros.
 * Panel p starts at packed + p * 2 * lanes * depth. */
void gdk_gemm_pack(const gdk_gemm *g, const float *w, int64_t filters, int64_t stride,
                   int64_t depth, int64_t step, float *packed);

/* State of a row: packed weights, and the threads that its scratch was sized for when the
 * session was opened. A later session may change the pool, so runs use this number. */
typedef struct gdk_panels {
    int  threads;
    bool filled; /* false: weights are not constant, each run packs them into scratch */
    alignas(64) float w[];
} gdk_panels;
/* `floats` may be 0; released by gd_mem_put. */
gd_status gdk_panels_make(const gd_device_caps *dev, size_t floats, gdk_panels **out,
                          gd_error *err);
/* Threads of the device, at least 1. */
static inline int gdk_threads(const gd_device_caps *dev) {
    return dev->n_sm > 0 ? dev->n_sm : 1;
}

/* Rows for tiles of m pixels: as few tiles as possible, of nearly equal height. */
static inline int gdk_gemm_height(const gdk_gemm *g, int64_t m) {
    const int64_t tiles = (m + g->rows - 1) / g->rows;
    return tiles > 0 ? (int)((m + tiles - 1) / tiles) : 1;
}

#endif
