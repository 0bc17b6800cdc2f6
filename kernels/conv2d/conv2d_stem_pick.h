/* conv2d_stem_pick.h -- which stems have kernels, and how their weights lie.
 *
 * A stem reads pictures of three channels with a small square filter. On tensor cores (F16) a
 * pixel has four channels in shared memory, so two neighbours are a 16-byte chunk of eight k;
 * the filter's rows become chunks of eight k, the last one half empty when the filter is odd,
 * and two chunks are one step of the product. In FP32 the weights are [block][r][c][s][64]. */
#ifndef GD_KERNELS_CONV2D_STEM_PICK_H
#define GD_KERNELS_CONV2D_STEM_PICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/cuda/host_device.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 7x7/2, 6x6/2, 3x3/2 and 3x3/1. */
bool gdk_stem_has(int64_t R, int64_t S, int stride);

/* Columns of the product that a block of the FP16 kernel has: 32 or 64; from sm_100 on 32, for
 * want of registers. */
static inline int gdk_stem_width(int64_t K, int sm) { return K <= 32 || sm >= 100 ? 32 : 64; }
static inline GD_HOST_DEVICE int gdk_stem_steps(int size) {
    return size * ((size + 1) / 2) / 2;
}

/* Filter, within its block, of column g of 8-column tile t: chosen such that the eight
 * accumulators a lane has of a row in four tiles are eight neighbouring channels. */
static inline GD_HOST_DEVICE int gdk_stem_filter(int t, int g) {
    return t / 4 * 32 + g / 2 * 8 + t % 4 * 2 + g % 2;
}

/* Which element of w [K][R][R][3], whose pixels follow each other at `pitch` elements, is
 * packed element i; -1: it is 0. F16: [block][step][tile pair][lane][4 words of two halves],
 * the B fragments of the tiles 2j and 2j + 1 as a lane holds them. */
static inline GD_HOST_DEVICE int64_t gdk_stem_from(int32_t i, int K, int width, int size,
                                                   int64_t pitch) {
    const int at = i % 8, lane = i / 8 % 32, unit = i / 256, pairs = width / 16;
    const int steps = gdk_stem_steps(size), chunks = (size + 1) / 2;
    /* word at / 2: tile at / 4, k half at / 2 % 2 */
    const int k =
        unit / pairs / steps * width + gdk_stem_filter(unit % pairs * 2 + at / 4, lane / 4);
    const int chunk = unit / pairs % steps * 2 + at / 2 % 2, j = lane % 4 * 2 + at % 2;
    const int r = chunk / chunks, s = chunk % chunks * 2 + j / 4, c = j % 4;
    return k < K && s < size && c < 3 ? ((int64_t)(k * size + r) * size + s) * pitch + c : -1;
}

/* The same for F32: [block][r][c][s][64]. */
static inline GD_HOST_DEVICE int64_t gdk_stem_from_f32(int32_t i, int K, int size,
                                                       int64_t pitch) {
    const int taps = size * size, row = i / 64 % (taps * 3),
              k = i / 64 / (taps * 3) * 64 + i % 64;
    const int s = row % size, c = row / size % 3, r = row / size / 3;
    return k < K ? ((int64_t)(k * size + r) * size + s) * pitch + c : -1;
}

/* Bytes of packed weights, and the packing. */
size_t gdk_stem_bytes(int64_t K, int width, int size);
void   gdk_stem_pack(int64_t K, int width, int size, const uint16_t *w, int64_t pitch,
                     uint16_t *packed);
size_t gdk_stem_bytes_f32(int64_t K, int size);
void   gdk_stem_pack_f32(int64_t K, int size, const float *w, int64_t pitch, float *packed);

#ifdef __cplusplus
}
#endif
#endif
