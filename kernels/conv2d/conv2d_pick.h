/* conv2d_pick.h -- the tile and the split of a convolution on tensor cores, chosen by a model.
 *
 * A convolution is a product of M = N * P * Q pixels and K filters over R * S * C elements. The
 * kernel takes the reduction in blocks of 128 bytes (64 halves or 32 floats). */
#ifndef GD_KERNELS_CONV2D_PICK_H
#define GD_KERNELS_CONV2D_PICK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(pixels, filters, pixels of a warp, filters of a warp, blocks that share a multiprocessor) */
#define GD_CONV2D_TILES(X) \
    X(128, 256, 64, 64, 1) \
    X(256, 128, 64, 64, 1) \
    X(128, 128, 64, 64, 2) \
    X(128, 64, 32, 64, 3)  \
    X(64, 128, 32, 64, 3)  \
    X(64, 64, 32, 32, 4)

enum { GD_CONV2D_ROW_BYTES = 128, GD_CONV2D_MAX_STAGES = 4, GD_CONV2D_MAX_SPLIT = 16 };

/* One line of GD_CONV2D_TILES. */
typedef struct gdk_conv2d_tile {
    int m, n, warp_m, warp_n, blocks;
} gdk_conv2d_tile;

/* What a choice looks at. */
typedef struct gdk_conv2d_work {
    int64_t M, K;
    int64_t blocks;     /* of the reduction: R * S * C elements in 128-byte rows, rounded up */
    int     tf32;       /* 1: F32 operands */
    int     sm, n_sm;   /* of the device */
    size_t  smem_optin; /* shared memory that one block may have */
} gdk_conv2d_work;

typedef struct gdk_conv2d_choice {
    int    tile;   /* line of GD_CONV2D_TILES */
    int    stages; /* of the ring of operand blocks */
    int    split;  /* parts of the reduction, each by its own thread block */
    size_t smem;   /* bytes of shared memory of one thread block */
    double us;     /* what the model expects */
} gdk_conv2d_choice;

extern const gdk_conv2d_tile gdk_conv2d_tiles[];
extern const int             gdk_conv2d_n_tiles;

/* The ring and the bytes of a tile on a device; stages 0: it does not fit. */
void gdk_conv2d_ring(const gdk_conv2d_work *w, int tile, int *stages, size_t *smem);
/* The cheapest choice; tile -1: none fits the device. */
gdk_conv2d_choice gdk_conv2d_pick(const gdk_conv2d_work *w);
/* The same for a given tile and split, for tests and tuning. */
gdk_conv2d_choice gdk_conv2d_price(const gdk_conv2d_work *w, int tile, int split);

#ifdef __cplusplus
}
#endif
#endif
