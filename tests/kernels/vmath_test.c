/* vmath_test.c -- the vectorised exp against the C library's in double, the instruction sets
 * against each other, and the activations far from zero. */
#include <math.h>

#include "kernels/cpu/vmath.h"
#include "tests/gd_test.h"

GD_ISA_BODY void exps_body(const float *x, float *y, int64_t n) {
#pragma omp      simd
    for (int64_t i = 0; i < n; i++) y[i] = gd_exp_f32(x[i]);
}
GD_ISA(exps, (const float *x, float *y, int64_t n), (x, y, n))

enum { N = 4096 };

static float of_bits(uint32_t b) {
    float f;
    memcpy(&f, &b, sizeof f);
    return f;
}

/* |got - want| in units of the last place of want; subnormals count from the smallest one. */
static double ulps(float got, double want) {
    const double e = want > 0x1p-126 ? floor(log2(want)) : -126;
    return fabs((double)got - want) / ldexp(1, (int)e - 23);
}

/* Every 997th float between exp's underflow and overflow. */
static void within_two_ulps(void **state) {
    (void)state;
    float    x[N], y[N];
    double   worst = 0;
    uint32_t bits = 0;
    for (int sign = 0; sign < 2; sign++)
        for (bits = 1; bits < 0x43000000u;) { /* up to 128 */
            int n = 0;
            for (; n < N && bits < 0x43000000u; bits += 997) {
                const float v = of_bits(bits | (uint32_t)sign << 31);
                if (v < 88.7f && v > -103.0f) x[n++] = v;
            }
            exps(x, y, n);
            for (int i = 0; i < n; i++) worst = fmax(worst, ulps(y[i], exp((double)x[i])));
        }
    print_message("largest error: %.3f ulp\n", worst);
    assert_true(worst <= 2);
}

static void ends(void **state) {
    (void)state;
    const float x[6] = {INFINITY, -INFINITY, NAN, 0, 89, -105};
    float       y[6];
    exps(x, y, 6);
    assert_true(isinf(y[0]) && y[0] > 0);
    assert_true(y[1] == 0);
    assert_true(isnan(y[2]));
    assert_true(y[3] == 1);
    assert_true(isinf(y[4]));
    assert_true(y[5] == 0);
    assert_true(gd_sigmoid_f32(-200) == 0 && gd_sigmoid_f32(200) == 1);
}

/* Where an exponential, a square or a quotient leaves the range of floats. */
static void activations_far_out(void **state) {
    (void)state;
    const float far[3] = {50, 1e30f, INFINITY};
    for (int i = 0; i < 3; i++) {
        const float x = far[i];
        assert_true(gd_mish_f32(x) == x && gd_gelu_f32(x) == x && gd_gelu_tanh_f32(x) == x);
        assert_true(gd_hardswish_f32(x) == x && gd_hardsigmoid_f32(x) == 1);
        assert_true(gd_relu6_f32(x) == 6 && gd_relu6_f32(-x) == 0);
    }
    for (int i = 0; i < 2; i++) {
        const float x = -far[i];
        assert_true(fabsf(gd_mish_f32(x)) < 1e-6f);
        assert_true(gd_gelu_f32(x) == 0 && gd_gelu_tanh_f32(x) == 0 &&
                    gd_hardswish_f32(x) == 0);
    }
    assert_true(isnan(gd_mish_f32(NAN)) && isnan(gd_gelu_f32(NAN)) && isnan(gd_relu6_f32(NAN)));
    assert_true(isnan(gd_gelu_tanh_f32(NAN)) && isnan(gd_hardswish_f32(NAN)));
}

static void same_bits_everywhere(void **state) {
    (void)state;
    float x[N], y[3][N];
    int   n = 1;
    for (int i = 0; i < N; i++) x[i] = -104 + (float)i * (193.0f / N);
    exps_body(x, y[0], N);
#if defined(__x86_64__)
    if (gd_isa_avx2()) exps_avx2(x, y[n++], N);
    if (gd_isa_avx512()) exps_avx512(x, y[n++], N);
#endif
    for (int k = 1; k < n; k++) assert_memory_equal(y[0], y[k], sizeof y[0]);
    print_message("%d instruction sets compared\n", n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_two_ulps),
        cmocka_unit_test(ends),
        cmocka_unit_test(activations_far_out),
        cmocka_unit_test(same_bits_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
