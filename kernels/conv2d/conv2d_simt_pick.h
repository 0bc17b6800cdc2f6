/* conv2d_simt_pick.h -- tile and split of a strict FP32 convolution, chosen by a model.
 *
 * A convolution is a product of M = N * P * Q pixels and K filters over R * S * C elements,
 * which the kernel takes in blocks of 16. */
#ifndef GD_KERNELS_CONV2D_SIMT_PICK_H
#define GD_KERNELS_CONV2D_SIMT_PICK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(pixels, filters, rows of a thread, blocks that share a multiprocessor) */
#define GD_SIMT_TALL_TILES(X) X(128, 128, 16, 2)
#define GD_SIMT_LOW_TILES(X) \
    X(128, 128, 8, 1)        \
    X(128, 64, 8, 3)         \
    X(64, 64, 8, 6)
#define GD_SIMT_TILES(X) GD_SIMT_TALL_TILES(X) GD_SIMT_LOW_TILES(X)

enum { GD_SIMT_DEPTH = 16, GD_SIMT_RING = 3, GD_SIMT_MAX_SPLIT = 16 };
/* From sm_100 on, more rows a thread do not fit its registers. */
enum { GD_SIMT_ROWS_SM100 = 8 };

typedef struct gdk_simt_tile {
    int m, n, rows, blocks;
} gdk_simt_tile;

typedef struct gdk_simt_choice {
    int    tile;     /* line of GD_SIMT_TILES */
    int    split;    /* parts of the reduction, each by its own thread block */
    int    resident; /* blocks that may share a multiprocessor */
    size_t smem;     /* what one asks for, so that no more than those do */
    double us;       /* what the model expects */
} gdk_simt_choice;

extern const gdk_simt_tile gdk_simt_tiles[];
extern const int           gdk_simt_n_tiles;

/* What a choice looks at: the product, its blocks of the reduction, and the device. */
typedef struct gdk_simt_work {
    int64_t M, K, blocks;
    int     sm, n_sm;
    size_t  smem_optin;
} gdk_simt_work;

/* The cheapest choice. */
gdk_simt_choice gdk_simt_pick(const gdk_simt_work *w);
/* The same for a given tile, split and number of residents, for tests and tuning. */
gdk_simt_choice gdk_simt_price(const gdk_simt_work *w, int tile, int split, int resident);

#ifdef __cplusplus
}
#endif
#endif
