/* columns_pick_test.c -- blocks of column sums cover every pixel and channel once. */
#include "kernels/cuda/columns_pick.h"
#include "tests/gd_test.h"

static void check(int64_t pixels, int64_t pictures, int64_t C, int V) {
    const gdk_columns s = gdk_columns_plan(pixels, pictures, C, V);
    assert_true(s.lanes >= 1 && s.lanes <= 32 && (s.lanes & (s.lanes - 1)) == 0);
    assert_int_equal(s.rows * s.lanes, GDK_COLUMNS_THREADS);
    assert_true((int64_t)s.tiles * s.lanes * V >= C);
    assert_true((int64_t)(s.tiles - 1) * s.lanes * V < C);
    assert_int_equal(s.width, s.tiles * s.lanes * V);
    assert_true(s.chunks >= 1 && s.chunks * s.chunk >= pixels);
    assert_true((s.chunks - 1) * s.chunk < pixels); /* none is empty */
    assert_true((int64_t)s.chunks * s.tiles * pictures <=
                (s.chunks > 1 ? GDK_COLUMNS_BLOCKS : INT32_MAX));
    assert_true(gdk_columns_floats(&s, 2) ==
                (size_t)pictures * (size_t)s.chunks * 2 * (size_t)s.width);
}

static void every_pixel_and_channel_once(void **state) {
    static const int64_t pixels[] = {1, 2, 63, 64, 65, 3599, 4096, 972800};
    static const int64_t channels[] = {1, 3, 8, 16, 17, 24, 64, 255, 256, 264, 2048};
    (void)state;
    for (size_t i = 0; i < sizeof pixels / sizeof *pixels; i++)
        for (size_t k = 0; k < sizeof channels / sizeof *channels; k++)
            for (int64_t pictures = 1; pictures <= 1000; pictures *= 10) {
                check(pixels[i], pictures, channels[k], 1);
                if (channels[k] % 4 == 0) check(pixels[i], pictures, channels[k], 4);
                if (channels[k] % 8 == 0) check(pixels[i], pictures, channels[k], 8);
            }
}

static void large_maps_fill_a_gpu(void **state) {
    (void)state;
    const gdk_columns s = gdk_columns_plan((int64_t)16 * 100 * 152, 1, 256, 8);
    assert_int_equal(s.lanes, 32);
    assert_int_equal(s.tiles, 1);
    assert_true(s.chunks > GDK_COLUMNS_BLOCKS * 9 / 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_pixel_and_channel_once),
                                       cmocka_unit_test(large_maps_fill_a_gpu)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
