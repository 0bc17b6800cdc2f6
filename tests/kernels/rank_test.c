/* rank_test.c -- keys order scores as selections want it, and sorting them is exact. */
#include "tests/gd_test.h"

#include <math.h>

#include "kernels/rank.h"

static void specials(void **state) {
    (void)state;
    /* Best first; the two zeros are one score. */
    const float order[] = {INFINITY, 3e38f, 1.5f,   1,         1e-45f, 0,
                           -1e-45f,  -1,    -3e38f, -INFINITY, NAN};
    const int   n = (int)(sizeof order / sizeof *order);
    for (int i = 0; i + 1 < n; i++)
        assert_true(gdk_rank_of(order[i]) < gdk_rank_of(order[i + 1]));
    assert_int_equal(gdk_rank_of(0.0f), gdk_rank_of(-0.0f));
    assert_int_equal(gdk_rank_of(NAN), gdk_rank_of(-NAN));
    assert_true(gdk_rank_key(1, 4) < gdk_rank_key(1, 5));
    assert_true(gdk_rank_key(2, INT32_MAX) < gdk_rank_key(1, 0));
    assert_int_equal(gdk_rank_index(gdk_rank_key(-7, 123456)), 123456);
}

static int by_key(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void sorts(void **state) {
    (void)state;
    enum { MOST = 5000 };
    static uint64_t key[MOST], tmp[MOST], want[MOST], stable[MOST];
    const int       sizes[] = {0, 1, 2, 47, 48, 49, 50, 777, MOST};
    unsigned        seed = 1;
    for (int s = 0; s < (int)(sizeof sizes / sizeof *sizes); s++)
        for (int levels = 1; levels < 2000; levels *= 11) {
            const int n = sizes[s];
            for (int i = 0; i < n; i++) {
                seed = seed * 1664525u + 1013904223u;
                const float score = (float)((int)(seed >> 9) % levels - levels / 2) / 8;
                stable[i] = gdk_rank_key(score, i);
                key[i] = want[i] = gdk_rank_key(score, (int64_t)(seed >> 3) * 2 % INT32_MAX);
            }
            qsort(want, (size_t)n, sizeof *want, by_key);
            gdk_rank_sort(key, tmp, n);
            assert_memory_equal(key, want, (size_t)n * sizeof *key);
            memcpy(want, stable, sizeof want);
            qsort(want, (size_t)n, sizeof *want, by_key);
            gdk_rank_sort_stable(stable, tmp, n);
            assert_memory_equal(stable, want, (size_t)n * sizeof *key);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(specials), cmocka_unit_test(sorts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
