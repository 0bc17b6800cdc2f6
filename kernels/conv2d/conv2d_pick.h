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

/* X(pixels, filters, pixels of a warp, filters of a warp, blocks that share a
 * multiprocessor) */
#define GD_CONV2D_TILES(X) \
    X(128, 256, 64, 64, 1) \
    X(256, 128, 64, 64, 1) \
    X(128, 128, 64, 64, 2) \
    X(128, 64, 32, 64, 3)  \
    X(64, 128, 32, 64, 3)  \
    X(64, 64, 32, 32, 4)   \
    X(64, 32, 16, 32, 4)
/* The same for Hopper's own instructions (sm_90a): X(pixels, filters, blocks ...). */
#define GD_CONV2D_GMMA_TILES(X) \
    X(128, 256, 1)              \
    X(256, 128, 1)              \
    X(128, 128, 2)              \
    X(128, 64, 2)               \
    X(64, 128, 3)               \
    X(64, 64, 4)

enum { GD_CONV2D_ROW_BYTES = 128, GD_CONV2D_MAX_SPLIT = 16 };

/* One line of GD_CONV2D_TILES, or after them of GD_CONV2D_GMMA_TILES. */
typedef struct gdk_conv2d_tile {
    int m, n, warp_m, warp_n, blocks, gmma;
} gdk_conv2d_tile;

/* What a choice looks at. */
typedef struct gdk_conv2d_work {
    int64_t M, K;
    int64_t blocks;     /* of the reduction: R * S * C elements in 128-byte rows, rounded up */
    int     tf32;       /* 1: F32 operands */
    int     gmma;       /* 1: by Hopper's own instructions */
    int     add;        /* 1: something is added to the output */
    int     sm, n_sm;   /* of the device */
    size_t  smem_optin; /* shared memory that one block may have */
} gdk_conv2d_work;

typedef struct gdk_conv2d_choice {
    int    tile;   /* of gdk_conv2d_tiles */
    int    stages; /* of the ring of operand blocks */
    int    split;  /* parts of the reduction, each by its own thread block */
    size_t smem;   /* bytes of shared memory of one thread block */
    double us;     /* what the model expects */
} gdk_conv2d_choice;

extern const gdk_conv2d_tile gdk_conv2d_tiles[];
extern const int             gdk_conv2d_n_tiles;

/* Whether the parts of a split reduction meet in shared memory: up to 8 then, else 16. */
int gdk_conv2d_clusters(const gdk_conv2d_work *w);
/* The ring and the bytes of a choice's tile and split; stages 0: it does not fit the
 * device. */
void gdk_conv2d_ring(const gdk_conv2d_work *w, gdk_conv2d_choice *c);
/* The cheapest choice; tile -1: none fits the device. */
gdk_conv2d_choice gdk_conv2d_pick(const gdk_conv2d_work *w);
/* The same for a given tile and split, for tests and tuning. */
gdk_conv2d_choice gdk_conv2d_price(const gdk_conv2d_work *w, int tile, int split);

#ifdef __cplusplus
}
#endif
#endif
