/* philox.h -- counter-based random numbers: Philox4x32-10 of Salmon et al., SC 2011.
 *
 * The numbers are a pure function of (key, counter), so any part of a random tensor can be made
 * anywhere, in any order, on any number of threads, with the same bits. */
#ifndef GD_ENGINE_PHILOX_H
#define GD_ENGINE_PHILOX_H

#include <math.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Device code of a CUDA compiler calls it, too. */
#ifdef __CUDACC__
#define GD_PHILOX_FN __host__ __device__
#else
#define GD_PHILOX_FN
#endif

static inline GD_PHILOX_FN void gd_philox(const uint32_t key[2], const uint32_t counter[4],
                                          uint32_t out[4]) {
    uint32_t k0 = key[0], k1 = key[1];
    uint32_t a = counter[0], b = counter[1], c = counter[2], d = counter[3];
    for (int round = 0; round < 10; round++) {
        uint64_t p = (uint64_t)0xd2511f53 * a, q = (uint64_t)0xcd9e8d57 * c;
        a = (uint32_t)(q >> 32) ^ b ^ k0;
        b = (uint32_t)q;
        c = (uint32_t)(p >> 32) ^ d ^ k1;
        d = (uint32_t)p;
        k0 += 0x9e3779b9;
        k1 += 0xbb67ae85;
    }
    out[0] = a, out[1] = b, out[2] = c, out[3] = d;
}

/* Uniform in (0, 1): the middle of one of 2^24 equal steps. */
static inline double gd_uniform(uint32_t bits) { return ((bits >> 8) + 0.5) / 16777216.0; }

/* Element `i` of a stream of standard normal numbers (Box-Muller on half a block). */
static inline double gd_normal(uint64_t seed, uint64_t stream, uint64_t i) {
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t ctr[4] = {(uint32_t)(i >> 1), (uint32_t)(i >> 33), (uint32_t)stream,
                             (uint32_t)(stream >> 32)};
    uint32_t       r[4];
    gd_philox(key, ctr, r);
    const uint32_t *u = i & 1 ? r + 2 : r;
    return sqrt(-2 * log(gd_uniform(u[0]))) * cos(6.283185307179586 * gd_uniform(u[1]));
}

#ifdef __cplusplus
}
#endif
#endif
