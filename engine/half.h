/* half.h -- conversions between float and IEEE 754 binary16 held in uint16_t.
 *
 * Plain integer arithmetic, so every machine gives the same bits: round to nearest, ties to
 * even; subnormals are kept; a NaN stays a NaN (made quiet, upper payload bits kept), as the
 * F16C instructions do. */
#ifndef GD_ENGINE_HALF_H
#define GD_ENGINE_HALF_H

#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline uint16_t gd_half_from_float(float f) {
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    uint32_t sign = u >> 16 & 0x8000u, mag = u & 0x7fffffffu;
    if (mag > 0x7f800000u) return (uint16_t)(sign | 0x7e00u | (mag >> 13 & 0x3ffu));
    /* 65520 is half way between the largest half and the one that does not exist. */
    if (mag >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u);
    uint32_t e = mag >> 23, m, shift;
    if (e >= 113) { /* normal: rebias the exponent and keep 10 of 23 fraction bits */
        m = mag - (112u << 23);
        shift = 13;
    } else if (e >= 102) { /* subnormal: the leading one becomes a fraction bit */
        m = (mag & 0x7fffffu) | 0x800000u;
        shift = 126 - e;
    } else {
        return (uint16_t)sign;
    }
    uint32_t rest = m & ((1u << shift) - 1), half = 1u << (shift - 1);
    m >>= shift;
    /* A carry out of the fraction correctly becomes the next exponent. */
    m += rest > half || (rest == half && (m & 1));
    return (uint16_t)(sign | m);
}

static inline float gd_half_to_float(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16, e = h >> 10 & 31u, m = h & 0x3ffu, u;
    float    f;
    if (e == 31) {
        u = 0x7f800000u | m << 13 | (m ? 0x400000u : 0);
    } else if (e) {
        u = (e + 112) << 23 | m << 13;
    } else if (m) {
        uint32_t up = (uint32_t)__builtin_clz(m) - 21; /* brings the leading one to bit 10 */
        u = (113 - up) << 23 | ((m << up) & 0x3ffu) << 13;
    } else {
        u = 0;
    }
    u |= sign;
    memcpy(&f, &u, sizeof f);
    return f;
}

/* The same for n adjacent values (half.c), by the processor's own instructions where it has
 * them. from_floats gives the index of the first finite value that no half can hold (it became
 * infinite), or -1. */
int64_t gd_half_from_floats(const float *x, uint16_t *y, int64_t n);
void    gd_half_to_floats(const uint16_t *x, float *y, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
