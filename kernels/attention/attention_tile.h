/* attention_tile.h -- where lanes of a warp find their parts of attention's tiles.
 *
 * Tiles lie in shared memory as rows of d halves, GDK_ATTENTION_PAD more to the next row, so
 * that eight rows of ldmatrix meet eight different banks. Offsets are in halves. Fragments are
 * those of mma.cuh: lane = 4 * g + t. */
#ifndef GD_KERNELS_ATTENTION_TILE_H
#define GD_KERNELS_ATTENTION_TILE_H

#include "kernels/cuda/host_device.h"

enum {
    GDK_ATTENTION_WARPS = 4,
    GDK_ATTENTION_ROWS = 16, /* queries of a warp */
    GDK_ATTENTION_KEYS = 64, /* keys of a tile, for all warps of a block */
    GDK_ATTENTION_PAD = 8,
    GDK_ATTENTION_MAX_SPLIT = 8 /* blocks of a cluster that divide the keys */
};

/* Row (second value: column) of element i of a lane's accumulator of 16 x 8. */
static inline GD_HOST_DEVICE int gdk_attention_row(int lane, int i) {
    return lane / 4 + i / 2 * 8;
}
static inline GD_HOST_DEVICE int gdk_attention_column(int lane, int i) {
    return lane % 4 * 2 + i % 2;
}

/* First of the two adjacent values of register r of an operand A of 16 x 16: its column. The
 * row is that of the accumulator's element 2 * (r % 2). */
static inline GD_HOST_DEVICE int gdk_attention_a_column(int lane, int r) {
    return lane % 4 * 2 + r / 2 * 8;
}

/* What a lane addresses when four matrices of keys are fetched: keys 8 * octet .. + 7, channels
 * 32 * part .. + 31, as operand B of two products over 16 channels. */
static inline GD_HOST_DEVICE int gdk_attention_key_at(int lane, int octet, int part, int d) {
    return (octet * 8 + lane % 8) * (d + GDK_ATTENTION_PAD) + part * 32 + lane / 8 * 8;
}

/* The same for values, fetched transposed: keys 16 * step .. + 15, channels 16 * part .. + 15,
 * as operands B of the products for two octets of channels. */
static inline GD_HOST_DEVICE int gdk_attention_value_at(int lane, int step, int part, int d) {
    return (step * 16 + lane / 8 % 2 * 8 + lane % 8) * (d + GDK_ATTENTION_PAD) + part * 16 +
           lane / 16 * 8;
}

#endif
