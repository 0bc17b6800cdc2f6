/* half_test.c -- engine/half.h over all 65,536 halves, against the definition and the
 * hardware. */
#include <math.h>

#include "engine/half.h"
#include "tests/gd_test.h"

/* The definition of IEEE 754 binary16, in double. */
static double value(unsigned h) {
    unsigned e = h >> 10 & 31, m = h & 1023;
    double   v = e == 0   ? ldexp(m, -24)
                 : e < 31 ? ldexp(1024 + m, (int)e - 25)
                 : m == 0 ? INFINITY
                          : NAN;
    return h & 0x8000 ? -v : v;
}

static uint32_t bits(float f) {
    uint32_t u;
    memcpy(&u, &f, 4);
    return u;
}
static float from_bits(uint32_t u) {
    float f;
    memcpy(&f, &u, 4);
    return f;
}

static void test_all_halves(void **state) {
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        float  f = gd_half_to_float((uint16_t)h);
        double v = value(h);
        if (isnan(v)) {
            assert_true(isnan(f));
            assert_int_equal(gd_half_from_float(f), h | 0x200); /* quiet, payload kept */
        } else {
            assert_true((double)f == v && !signbit(f) == !(h >> 15));
            assert_int_equal(gd_half_from_float(f), h);
        }
    }
}

/* Around each midpoint of neighbours: below goes down, above up, the tie to the even one. */
static void test_rounding(void **state) {
    (void)state;
    for (unsigned h = 0; h < 0x7c00; h++) {
        double   next = h == 0x7bff ? 65536.0 : value(h + 1), mid = (value(h) + next) / 2;
        float    m = (float)mid; /* exact: one more bit than a half has */
        unsigned even = h & 1 ? h + 1 : h;
        assert_true((double)m == mid);
        for (unsigned sign = 0; sign < 0x10000; sign += 0x8000) {
            float s = sign ? -1.0f : 1.0f;
            assert_int_equal(gd_half_from_float(s * m), even | sign);
            assert_int_equal(gd_half_from_float(s * nextafterf(m, 0)), h | sign);
            assert_int_equal(gd_half_from_float(s * nextafterf(m, 1e30f)), (h + 1) | sign);
        }
    }
    assert_int_equal(gd_half_from_float(1e38f), 0x7c00);
    assert_int_equal(gd_half_from_float(-INFINITY), 0xfc00);
    assert_int_equal(gd_half_from_float(from_bits(1)), 0);
    assert_int_equal(gd_half_from_float(from_bits(0x80000001)), 0x8000);
    assert_int_equal(gd_half_from_float(from_bits(0x7f800001)), 0x7e00); /* NaN stays NaN */
}

#if defined(__x86_64__)
#include <immintrin.h>
__attribute__((target("f16c"))) static uint16_t hard_from(float f) {
    return (uint16_t)_mm_extract_epi16(_mm_cvtps_ph(_mm_set_ss(f), 0), 0);
}
__attribute__((target("f16c"))) static float hard_to(uint16_t h) {
    return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(h)));
}

static void test_hardware(void **state) {
    (void)state;
    /* clang 14 cannot be asked for F16C; every processor with AVX2 has it. */
    if (!__builtin_cpu_supports("avx2")) {
        print_message("skipped: this processor has no AVX2, so perhaps no F16C\n");
        skip();
    }
    for (unsigned h = 0; h < 65536; h++)
        assert_int_equal(bits(gd_half_to_float((uint16_t)h)), bits(hard_to((uint16_t)h)));
    /* Floats of every sign and exponent, with all kinds of fractions. */
    uint32_t u = 0;
    do {
        float f = from_bits(u);
        if (gd_half_from_float(f) != hard_from(f))
            fail_msg("%08x: %04x, hardware %04x", u, gd_half_from_float(f), hard_from(f));
        u += 257;
    } while (u >= 257);
}
#endif

/* Every half and values between, at every length around the vector width. */
static void test_many(void **state) {
    (void)state;
    enum { N = 3 * 65536 };
    float    *x = malloc(N * sizeof *x), *back = malloc(N * sizeof *back);
    uint16_t *y = malloc(N * sizeof *y);
    assert_true(x && y && back);
    for (unsigned i = 0; i < N; i++) x[i] = from_bits(i * 21845u);
    (void)gd_half_from_floats(x, y, N);
    gd_half_to_floats(y, back, N);
    for (unsigned i = 0; i < N; i++) {
        const float want = gd_half_to_float(y[i]);
        assert_int_equal(y[i], gd_half_from_float(x[i]));
        assert_memory_equal(&back[i], &want, sizeof want);
    }
    for (int n = 0; n < 35; n++)
        for (int bad = 0; bad <= n; bad++) {
            for (int i = 0; i < n; i++) x[i] = i % 3 ? -65519.9f : INFINITY;
            if (bad < n) x[bad] = bad % 2 ? 65520 : -1e30f;
            if (bad + 1 < n) x[n - 1] = 1e30f; /* the first is told */
            y[n] = 7;
            assert_int_equal(gd_half_from_floats(x, y, n), bad < n ? bad : -1);
            assert_int_equal(y[n], 7);
        }
    free(x);
    free(y);
    free(back);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_halves),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_many),
#if defined(__x86_64__)
        cmocka_unit_test(test_hardware),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
