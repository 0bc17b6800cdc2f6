/* top_k_pick_test.c -- how top-k is spread: shares fit a block, room holds the k best. */
#include "tests/gd_test.h"

#include "kernels/top_k/top_k_pick.h"

static void check(int64_t n, int64_t k) {
    const gdk_top_k_plan p = gdk_top_k_pick(n, k);
    if (!p.parts) return;
    const int64_t share = (n + p.parts - 1) / p.parts;
    assert_true(share <= GDK_TOP_K_PART);
    /* A part keeps its k best, or all it has. */
    assert_true(p.room >= k || p.room >= share);
    assert_true(p.room % 32 == 0);
}

static void plans(void **state) {
    (void)state;
    for (int64_t n = 1; n < 3000000; n += n / 3 + 1)
        for (int64_t k = 1; k < 40000; k += k / 2 + 1) check(n, k);
    assert_int_equal(gdk_top_k_pick(GDK_TOP_K_WHOLE, 10).parts, 0);
    assert_int_equal(gdk_top_k_pick(201600, 1000).parts, 25);
    assert_int_equal(gdk_top_k_pick(12600, 1000).parts, 2);
    assert_int_equal(gdk_top_k_pick(20000, 15000).parts, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(plans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
