/* rank.h -- scores and indices as whole numbers whose order is the one every selection keeps.
 *
 * A key is 64 bits: the score turned so that better is smaller, then the index. Keys of a set
 * are all different, so that sorting them has one result: best score first, equal scores (0 and
 * -0 are equal) lower index first, NaN last. */
#ifndef GD_KERNELS_RANK_H
#define GD_KERNELS_RANK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels/cuda/host_device.h"

static inline GD_HOST_DEVICE uint32_t gdk_rank_of(float score) {
    uint32_t bits;
    score += 0.0f; /* -0 becomes 0 */
    if (score != score) return UINT32_MAX;
    memcpy(&bits, &score, sizeof bits);
    return bits >> 31 ? bits : ~bits & 0x7fffffffu;
}

static inline GD_HOST_DEVICE uint64_t gdk_rank_key(float score, int64_t index) {
    return (uint64_t)gdk_rank_of(score) << 32 | (uint32_t)index;
}

static inline GD_HOST_DEVICE int64_t gdk_rank_index(uint64_t key) {
    return (int64_t)(key & UINT32_MAX);
}

/* Ascending, in place; tmp has room for n keys as well. */
void gdk_rank_sort(uint64_t *key, uint64_t *tmp, int64_t n);
/* The same at half the price, where equal scores already stand in the order of their index. */
void gdk_rank_sort_stable(uint64_t *key, uint64_t *tmp, int64_t n);

#endif
