/* class_map_at_test.c -- three weights along an axis are what two bilinear resizes make. */
#include "tests/gd_test.h"

#include <math.h>
#include <string.h>

#include "kernels/class_map/class_map_at.h"

/* resize.h's definition, in doubles: y[i] of `to` samples out of x of `from`. */
static void resize(const double *x, int from, double *y, int to) {
    for (int i = 0; i < to; i++) {
        double at = (i + 0.5) * ((double)from / to) - 0.5;
        if (at < 0) at = 0;
        const int    lo = (int)at < from ? (int)at : from - 1, hi = lo + 1 < from ? lo + 1 : lo;
        const double w = at - lo < 1 ? at - lo : 1;
        y[i] = x[lo] * (1 - w) + x[hi] * w;
    }
}

static void agrees(int src, int fresh, int start, int net, int low) {
    double x[64], wide[512], mid[512], y[512];
    for (int i = 0; i < low; i++) x[i] = sin(1.7 * i) + 0.1 * i;
    resize(x, low, wide, net);
    for (int i = 0; i < fresh; i++) mid[i] = wide[start + i];
    resize(mid, fresh, y, src);
    for (int i = 0; i < src; i++) {
        float     w[3];
        double    sum = 0, all = 0;
        const int base = gdk_map_axis(i, src, fresh, start, net, low, w);
        assert_in_range(base, 0, low - 1);
        for (int j = 0; j < 3; j++) {
            assert_true(w[j] >= 0);
            assert_true(base + j < low || w[j] == 0);
            sum += (double)w[j] * x[base + j < low ? base + j : low - 1];
            all += (double)w[j];
        }
        assert_float_equal(all, 1, 1e-6);
        assert_float_equal(sum, y[i], 1e-5);
    }
}

static void two_resizes(void **state) {
    static const int low[] = {1, 2, 9, 33, 64};
    (void)state;
    for (int k = 0; k < 5; k++)
        for (int net = low[k]; net < 300; net += 1 + net / 3)
            for (int fresh = 1; fresh <= net; fresh += 1 + fresh / 2)
                for (int src = 1; src < 400; src += 1 + src / 2) {
                    agrees(src, fresh, 0, net, low[k]);
                    agrees(src, fresh, net - fresh, net, low[k]);
                }
}

/* A corner outside the canvas takes what is nearest to it. */
static void outside(void **state) {
    float w[3];
    (void)state;
    assert_int_equal(gdk_map_axis(0, 10, 40, -8, 32, 4, w), 0);
    assert_float_equal(w[0], 1, 1e-6);
    assert_int_equal(gdk_map_axis(9, 10, 40, 8, 32, 4, w), 3);
    assert_float_equal(w[0], 1, 1e-6);
}

static void places(void **state) {
    const float   good[8] = {7, 5, 23, 30, 0, -2, 3, 3};
    gdk_map_place at;
    (void)state;
    assert_true(gdk_map_place_of(good, 35, &at));
    assert_int_equal(at.src_h, 7);
    assert_int_equal(at.left, -2);
    assert_false(gdk_map_place_of(good, 34, &at));
    for (int i = 0; i < 6; i++) {
        float bad[8];
        memcpy(bad, good, sizeof bad);
        bad[i] = i < 4 ? 0 : 0.5f;
        assert_false(gdk_map_place_of(bad, 1 << 30, &at));
        bad[i] = NAN;
        assert_false(gdk_map_place_of(bad, 1 << 30, &at));
        bad[i] = 1e30f;
        assert_false(gdk_map_place_of(bad, 1 << 30, &at));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_resizes), cmocka_unit_test(outside),
                                       cmocka_unit_test(places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
