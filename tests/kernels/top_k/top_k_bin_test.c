/* top_k_bin_test.c -- bins keep the order of ranks, whatever the scores are. */
#include "tests/gd_test.h"

#include <math.h>

#include "kernels/top_k/top_k_bin.h"

static unsigned seed = 3;
static float    unit(void) {
       seed = seed * 1664525u + 1013904223u;
       return (float)(seed >> 8) / 16777216.0f;
}

static void ranks_back_to_scores(void **state) {
    (void)state;
    const float v[] = {INFINITY, 3e38f, 1, 1e-45f, 0, -1e-45f, -2.5f, -3e38f, -INFINITY};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        assert_true(gdk_top_k_score(gdk_rank_of(v[i])) == v[i]);
        assert_int_equal(gdk_top_k_finite(gdk_rank_of(v[i])), isfinite(v[i]));
    }
    assert_true(isnan(gdk_top_k_score(gdk_rank_of(NAN))));
    assert_false(gdk_top_k_finite(gdk_rank_of(NAN)));
}

static int by_rank(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Sorted by rank, no bin comes before that of its predecessor, and none is out of range. */
static void bins_rise(void **state) {
    (void)state;
    enum { N = 4000 };
    static uint32_t rank[N];
    for (int kind = 0; kind < 9; kind++) {
        uint32_t low = UINT32_MAX, high = 0;
        for (int i = 0; i < N; i++) {
            const float u = unit();
            const float kinds[] = {u * 20 - 15,
                                   7,
                                   u * 1e-30f,
                                   (u - 0.5f) * 3e38f * 2,
                                   u * 1e-44f,
                                   u < 0.1f ? NAN : u,
                                   u < 0.1f ? INFINITY : -u,
                                   u < 0.1f ? -INFINITY : u,
                                   NAN};
            rank[i] = gdk_rank_of(kinds[kind]);
            if (!gdk_top_k_finite(rank[i])) continue;
            low = rank[i] < low ? rank[i] : low;
            high = rank[i] > high ? rank[i] : high;
        }
        qsort(rank, N, sizeof *rank, by_rank);
        const gdk_top_k_line line = gdk_top_k_line_of(low, high);
        uint32_t             last = 0, used = 0;
        for (int i = 0; i < N; i++) {
            const uint32_t bin = gdk_top_k_bin(line, rank[i]);
            assert_true(bin < GDK_TOP_K_BINS);
            assert_true(bin >= last);
            used += bin != last;
            last = bin;
        }
        if (kind == 0) assert_true(used > 2000); /* spread, not heaped */
        if (kind == 5) assert_int_equal(last, GDK_TOP_K_BINS - 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranks_back_to_scores),
                                       cmocka_unit_test(bins_rise)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
