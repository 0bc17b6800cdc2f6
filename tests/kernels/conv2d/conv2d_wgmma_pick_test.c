/* conv2d_wgmma_pick_test.c -- what the Hopper convolution's model may answer, and must. */
#include "kernels/conv2d/conv2d_wgmma_pick.h"

#include "tests/gd_test.h"

/* Whatever the shape, the kernel can run the answer. */
static void every_choice_can_run(void **unused) {
    (void)unused;
    for (int64_t M = 1; M < 300000; M = M * 3 + 1)
        for (int64_t K = 1; K < 4100; K = K * 2 + 7)
            for (int64_t steps = 1; steps < 200; steps = steps * 2 + 1)
                for (int add = 0; add < 2; add++) {
                    const gdk_wgmma_choice c = gdk_wgmma_pick(M, K, steps, add != 0, 132);
                    assert_true(c.cols == 64 || c.cols == 128 || c.cols == 256);
                    assert_true(c.splits >= 1 && c.splits <= steps);
                    assert_true(c.splits <= GDK_WGMMA_MAX_SPLIT && c.us > 0);
                }
}

/* Few tiles with much reduction are cut; full grids of wide layers take wide tiles, whole. */
static void small_grids_are_cut_and_large_ones_are_not(void **unused) {
    (void)unused;
    assert_true(gdk_wgmma_pick(49, 512, 72, false, 132).splits > 2);
    const gdk_wgmma_choice p2 = gdk_wgmma_pick(67200, 256, 36, false, 132);
    assert_int_equal(p2.cols, 256);
    assert_int_equal(p2.splits, 1);
    assert_int_equal(gdk_wgmma_pick(67200, 64, 4, false, 132).cols, 64);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_choice_can_run),
        cmocka_unit_test(small_grids_are_cut_and_large_ones_are_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
