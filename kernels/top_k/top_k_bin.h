/* top_k_bin.h -- ranks into the bins of a histogram, the same way on the host and on a device.
 *
 * The first histogram of a block is linear in the scores: ranks are the bits of floats, and
 * half of their range lies closer to 0 than scores ever come. A line maps the finite scores of
 * a block to its bins; better scores never lie in later bins, since every step rounds
 * monotonically. */
#ifndef GD_KERNELS_TOP_K_BIN_H
#define GD_KERNELS_TOP_K_BIN_H

#include <stdbool.h>
#include <string.h>

#include "kernels/cuda/round.h"
#include "kernels/rank.h"
#include "kernels/top_k/top_k_pick.h"

typedef struct gdk_top_k_line {
    float first; /* the best score */
    float bins;  /* a unit of score */
} gdk_top_k_line;

/* Neither infinite nor NaN. */
static inline GD_HOST_DEVICE bool gdk_top_k_finite(uint32_t rank) {
    return rank > 0x007fffffu && rank < 0xff800000u;
}

/* The score of a rank: what gdk_rank_of was given, but for the sign of 0 and kinds of NaN. */
static inline GD_HOST_DEVICE float gdk_top_k_score(uint32_t rank) {
    const uint32_t bits = rank >> 31 ? rank : ~rank & 0x7fffffffu;
    float          score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

/* A line over scores from rank `low` (the best) to `high`; low > high: there is none. */
static inline GD_HOST_DEVICE gdk_top_k_line gdk_top_k_line_of(uint32_t low, uint32_t high) {
    gdk_top_k_line line = {0.0f, 0.0f};
    if (low >= high) return line;
    const float wide = gdk_sub(gdk_top_k_score(low), gdk_top_k_score(high));
    line.first = gdk_top_k_score(low);
    line.bins = (float)GDK_TOP_K_BINS / wide;
    /* A range that overflows, or is next to nothing, is left to the histogram of ranks. */
    if (!(line.bins < 1e30f)) line.bins = 0.0f;
    return line;
}

/* The bin of a rank, 0 .. GDK_TOP_K_BINS - 1; NaN lies in the last. */
static inline GD_HOST_DEVICE uint32_t gdk_top_k_bin(gdk_top_k_line line, uint32_t rank) {
    const float at = gdk_mul(gdk_sub(line.first, gdk_top_k_score(rank)), line.bins);
    if (rank == UINT32_MAX || at >= (float)(GDK_TOP_K_BINS - 1)) return GDK_TOP_K_BINS - 1;
    return at > 0.0f ? (uint32_t)at : 0;
}

#endif
