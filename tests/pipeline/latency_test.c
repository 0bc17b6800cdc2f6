/* latency_test.c -- percentiles of the histogram against sorted samples. */
#include "engine/pipeline/latency.h"

#include <math.h>

#include "tests/gd_test.h"

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void percentiles_are_near(void **state) {
    (void)state;
    enum { N = 5000 };
    static gd_latency h;
    static double     ms[N];
    gd_latency_stats  s;
    uint32_t          r = 7;
    double            sum = 0;
    for (int i = 0; i < N; i++) {
        r = r * 1664525u + 1013904223u;
        ms[i] = exp((double)(r >> 8) / (1 << 24) * 12 - 5); /* 7 us .. 1.1 s */
        sum += ms[i];
        gd_latency_add(&h, ms[i]);
    }
    qsort(ms, N, sizeof *ms, by_value);
    gd_latency_stats_get(&h, &s);
    assert_int_equal(s.n, N);
    assert_true(s.least == ms[0] && s.most == ms[N - 1]);
    assert_true(fabs(s.mean - sum / N) < 1e-9 * sum);
    const double got[] = {s.p50, s.p90, s.p95, s.p99}, p[] = {0.5, 0.9, 0.95, 0.99};
    for (int i = 0; i < 4; i++) {
        const double want = ms[(int)(p[i] * N) - 1];
        if (fabs(got[i] / want - 1) > 0.022)
            fail_msg("p%g is %g, not %g", p[i] * 100, got[i], want);
    }
}

static void edges(void **state) {
    (void)state;
    static gd_latency h, one;
    gd_latency_stats  s;
    gd_latency_stats_get(&h, &s);
    assert_true(s.n == 0 && s.mean == 0 && s.p50 == 0 && s.p99 == 0);
    gd_latency_add(&one, 3.25);
    gd_latency_stats_get(&one, &s);
    assert_true(s.p50 == 3.25 && s.p99 == 3.25 && s.mean == 3.25);
    gd_latency_add(&h, -1);
    gd_latency_add(&h, 0);
    gd_latency_add(&h, 1e300);
    gd_latency_add(&h, (double)NAN);
    assert_int_equal(h.n, 4);
    assert_true(gd_latency_percentile(&h, 0.1) <= 0.001);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(percentiles_are_near),
                                       cmocka_unit_test(edges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
