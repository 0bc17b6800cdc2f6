/* half.c -- conversions of many values between float and binary16; see half.h. */
#include "engine/half.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Every processor with AVX2 has F16C, which clang 14 cannot be asked for by name. */
static int has_f16c(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2");
}

/* How many of n were converted: a multiple of 8. *beyond: some finite value became infinite. */
__attribute__((target("avx2,f16c"))) static int64_t from_floats(const float *x, uint16_t *y,
                                                                int64_t n, int *beyond) {
    const __m256i mag = _mm256_set1_epi32(0x7fffffff), inf = _mm256_set1_epi32(0x7f800000);
    const __m256i most = _mm256_set1_epi32(0x477fefff); /* the last float below 65520 */
    __m256i       out = _mm256_setzero_si256();
    int64_t       i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256  v = _mm256_loadu_ps(x + i);
        const __m256i m = _mm256_and_si256(_mm256_castps_si256(v), mag);
        out = _mm256_or_si256(
            out, _mm256_and_si256(_mm256_cmpgt_epi32(m, most), _mm256_cmpgt_epi32(inf, m)));
        _mm_storeu_si128((__m128i *)(void *)(y + i), _mm256_cvtps_ph(v, 0));
    }
    *beyond = !_mm256_testz_si256(out, out);
    return i;
}

__attribute__((target("avx2,f16c"))) static int64_t to_floats(const uint16_t *x, float *y,
                                                              int64_t n) {
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(
            y + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(x + i))));
    return i;
}
#else
static int     has_f16c(void) { return 0; }
static int64_t from_floats(const float *x, uint16_t *y, int64_t n, int *beyond) {
    (void)x, (void)y, (void)n;
    *beyond = 0;
    return 0;
}
static int64_t to_floats(const uint16_t *x, float *y, int64_t n) {
    (void)x, (void)y, (void)n;
    return 0;
}
#endif

static int is_beyond(float x, uint16_t h) {
    return (h & 0x7fffu) == 0x7c00u && x - x == 0; /* inf - inf is no number */
}

int64_t gd_half_from_floats(const float *x, uint16_t *y, int64_t n) {
    int     beyond = 0;
    int64_t i = has_f16c() ? from_floats(x, y, n, &beyond) : 0, first = -1;
    for (int64_t k = 0; beyond && first < 0; k++)
        if (is_beyond(x[k], y[k])) first = k;
    for (; i < n; i++) {
        y[i] = gd_half_from_float(x[i]);
        if (first < 0 && is_beyond(x[i], y[i])) first = i;
    }
    return first;
}

void gd_half_to_floats(const uint16_t *x, float *y, int64_t n) {
    for (int64_t i = has_f16c() ? to_floats(x, y, n) : 0; i < n; i++)
        y[i] = gd_half_to_float(x[i]);
}
