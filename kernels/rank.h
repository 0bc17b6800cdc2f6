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

/* The score of a rank, but for the sign of a zero or a NaN. */
static inline GD_HOST_DEVICE float gdk_rank_score(uint32_t rank) {
    const uint32_t bits = rank >> 31 ? rank : ~rank & 0x7fffffffu;
    float          score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

static inline GD_HOST_DEVICE int64_t gdk_rank_index(uint64_t key) {
    return (int64_t)(key & UINT32_MAX);
}

/* Ascending, in place; tmp has room for n keys as well. */
void gdk_rank_sort(uint64_t *key, uint64_t *tmp, int64_t n);
/* The same at half the price, where equal scores already stand in the order of their index. */
void gdk_rank_sort_stable(uint64_t *key, uint64_t *tmp, int64_t n);

/* Collects the best k of many scores, which come in the order of their index: full, the buffer
 * is sorted and cut to k, and from then on only better scores enter. */
typedef struct gdk_best {
    uint64_t *key; /* room for 2 * most: as many again to sort them */
    int64_t   k, most, held;
    uint32_t  worst; /* ranks from here on no longer enter; 0: all do */
} gdk_best;

/* Keys that the buffer of the best k of n should hold. */
int64_t                gdk_best_room(int64_t k, int64_t n);
static inline gdk_best gdk_best_start(uint64_t *key, int64_t k, int64_t most) {
    gdk_best b = {key, k, most, 0, 0};
    return b;
}
void gdk_best_cut(gdk_best *b);

static inline void gdk_best_push(gdk_best *b, uint32_t rank, int64_t index) {
    if (b->worst && rank >= b->worst) return; /* an equal score came earlier */
    b->key[b->held++] = (uint64_t)rank << 32 | (uint32_t)index;
    if (b->held == b->most && b->most > b->k) gdk_best_cut(b);
}

/* Leaves the best in key[0 .. returned), sorted. */
int64_t gdk_best_end(gdk_best *b);

#endif
