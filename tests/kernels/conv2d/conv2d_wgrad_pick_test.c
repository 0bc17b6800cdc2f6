/* conv2d_wgrad_pick_test.c -- what the model of the weight gradient may answer, and must. */
#include "tests/gd_test.h"

#include "kernels/conv2d/conv2d_wgrad_pick.h"

/* Whatever the shape, the kernels can run the answer: no range of pixels is empty. */
static void every_choice_can_run(void **state) {
    (void)state;
    for (int family = 0; family < GDK_WGRAD_FAMILIES; family++)
        for (int64_t K = 1; K < 4100; K = K * 3 + 5)
            for (int64_t columns = 1; columns < 30000; columns = columns * 5 + 3)
                for (int64_t M = 1; M < 300000; M = M * 7 + 1) {
                    const gdk_wgrad_work w = {
                        (gdk_wgrad_family)family, K, columns, M, K * columns, 132};
                    const gdk_wgrad_choice c = gdk_wgrad_pick(&w);
                    assert_true(c.tile >= 0 && c.us > 0);
                    assert_true(c.splits >= 1 && c.splits <= c.steps);
                    assert_true(c.tiles >= 1 && c.tiles % c.tiles_k == 0);
                    assert_true(c.tiles * c.splits < INT32_MAX);
                }
}

static gdk_wgrad_choice wgmma(int64_t K, int64_t columns, int64_t M) {
    const gdk_wgrad_work w = {GDK_WGRAD_WGMMA, K, columns, M, K * columns, 132};
    return gdk_wgrad_pick(&w);
}

/* Many pixels and few weights: all multiprocessors have a range; a large layer has few. */
static void pixels_are_divided(void **state) {
    (void)state;
    const gdk_wgrad_choice p2 = wgmma(256, 9 * 256, 268800), fc6 = wgmma(1024, 12544, 2048);
    assert_true(p2.tiles * p2.splits >= 120);
    assert_int_equal(p2.tile, 0);
    assert_true(fc6.splits <= 2);
    assert_int_equal(wgmma(64, 9 * 64, 268800).tile, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_choice_can_run),
                                       cmocka_unit_test(pixels_are_divided)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
