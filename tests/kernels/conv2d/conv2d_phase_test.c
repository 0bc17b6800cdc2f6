/* conv2d_phase_test.c -- every pair of input pixel and tap is met once, where it belongs. */
#include "tests/gd_test.h"

#include "kernels/conv2d/conv2d_phase.h"

enum { SIZE = 64 };

/* pixel[p][r]: the input pixel that output p meets under tap r, or -1. */
static void by_definition(int size, int R, int stride, int pad, int dilation, int P,
                          int pixel[SIZE][SIZE]) {
    for (int p = 0; p < P; p++)
        for (int r = 0; r < R; r++) {
            const int h = p * stride - pad + r * dilation;
            pixel[p][r] = h >= 0 && h < size ? h : -1;
        }
}

static void check(int size, int R, int stride, int pad, int after, int dilation) {
    int       pixel[SIZE][SIZE], left = 0;
    const int P = (size + pad + after - dilation * (R - 1) - 1) / stride + 1;
    if (size + pad + after - dilation * (R - 1) < 1) return;
    by_definition(size, R, stride, pad, dilation, P, pixel);
    for (int p = 0; p < P; p++)
        for (int r = 0; r < R; r++) left += pixel[p][r] >= 0;
    int pixels = 0, taps = 0;
    for (int a = 0; a < stride; a++) {
        const gdk_phase f = gdk_phase_of(size, R, stride, pad, dilation, a);
        pixels += f.count;
        taps += f.taps;
        for (int t = 0; t < f.taps; t++) {
            const int r = f.first + (f.taps - 1 - t) * f.step;
            int       place = -1;
            assert_in_range(r, 0, R - 1);
            assert_int_equal(gdk_phase_of_tap(R, stride, pad, dilation, r, &place), a);
            assert_int_equal(place, t);
            for (int i = 0; i < f.count; i++) {
                const int p = i - f.pad + t * f.dilation;
                if (p < 0 || p >= P) continue;
                assert_int_equal(pixel[p][r], a + stride * i);
                left--;
            }
        }
    }
    assert_int_equal(pixels, size);
    assert_int_equal(taps, R);
    assert_int_equal(left, 0);
}

static void pairs(void **state) {
    (void)state;
    for (int size = 1; size < 14; size += 1 + size / 5)
        for (int R = 1; R < 6; R++)
            for (int stride = 1; stride < 6; stride++)
                for (int pad = 0; pad < 8; pad += 1 + pad / 3)
                    for (int after = 0; after < 5; after += 2)
                        for (int dilation = 1; dilation < 5; dilation++)
                            check(size, R, stride, pad, after, dilation);
}

/* A 3x3 filter of stride 2 is one tap for even pixels and two for odd ones. */
static void stride_two(void **state) {
    (void)state;
    const gdk_phase even = gdk_phase_of(8, 3, 2, 1, 1, 0), odd = gdk_phase_of(8, 3, 2, 1, 1, 1);
    assert_int_equal(even.taps, 1);
    assert_int_equal(even.first, 1);
    assert_int_equal(odd.taps, 2);
    assert_int_equal(odd.count, 4);
    assert_int_equal(odd.pad, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(pairs), cmocka_unit_test(stride_two)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
