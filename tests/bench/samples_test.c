/* samples_test.c -- quantiles as numpy's default gives them, and times of nothing. */
#include <math.h>

#include "tests/gd_test.h"

#include "tools/bench/samples.h"

static void assert_near(double got, double want, double within) {
    if (!(fabs(got - want) <= within)) fail_msg("%.17g, wanted %.17g", got, want);
}

static gd_timing of(const double *ms, int n) {
    gd_samples s = {0};
    gd_error   err;
    for (int i = 0; i < n; i++) gd_assert_ok(gd_samples_add(&s, ms[i], &err), &err);
    const gd_timing t = gd_samples_timing(&s);
    gd_samples_free(&s);
    assert_null(s.ms);
    return t;
}

static void nothing(void **state) {
    (void)state;
    const gd_timing t = of(NULL, 0);
    assert_int_equal(t.n, 0);
    assert_true(t.median == 0 && t.spread == 0 && t.mean == 0);
}

static void one(void **state) {
    (void)state;
    const gd_timing t = of((const double[]){7}, 1);
    assert_int_equal(t.n, 1);
    assert_true(t.best == 7 && t.mean == 7 && t.median == 7 && t.p90 == 7 && t.p99 == 7);
    assert_true(t.spread == 0);
}

/* numpy.percentile([1, 2, 4, 8, 16, 32], [25, 50, 75, 90, 99]) */
static void interpolated(void **state) {
    (void)state;
    const gd_timing t = of((const double[]){16, 1, 32, 4, 2, 8}, 6);
    assert_near(t.best, 1, 0);
    assert_near(t.mean, 10.5, 1e-12);
    assert_near(t.median, 6, 1e-12);
    assert_near(t.p90, 24, 1e-12);
    assert_near(t.p99, 31.2, 1e-12);
    assert_near(t.spread, (14 - 2.5) / 6, 1e-12);
}

static void many(void **state) {
    static double ms[1001];
    (void)state;
    for (int i = 0; i <= 1000; i++) ms[(i * 5) % 1001] = i;
    const gd_timing t = of(ms, 1001);
    assert_int_equal(t.n, 1001);
    assert_near(t.median, 500, 1e-9);
    assert_near(t.p90, 900, 1e-9);
    assert_near(t.p99, 990, 1e-9);
    assert_near(t.spread, 1, 1e-9);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing), cmocka_unit_test(one),
                                       cmocka_unit_test(interpolated), cmocka_unit_test(many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
