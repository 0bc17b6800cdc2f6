/* sample_key.h -- the random key of a row, the same way on the host and on a device. */
#ifndef GD_KERNELS_SAMPLE_KEY_H
#define GD_KERNELS_SAMPLE_KEY_H

#include "engine/philox.h"

/* 64 bits that order the rows of one picture: all different, since the index is in them. */
static inline GD_PHILOX_FN uint64_t gdk_sample_key(const int32_t rng[4], int32_t stream,
                                                   uint32_t picture, uint32_t row) {
    const uint32_t key[2] = {(uint32_t)rng[0], (uint32_t)rng[1] ^ (uint32_t)rng[3]};
    const uint32_t counter[4] = {row, picture, (uint32_t)stream, (uint32_t)rng[2]};
    uint32_t       word[4];
    gd_philox(key, counter, word);
    return (uint64_t)word[0] << 32 | row;
}

#endif
