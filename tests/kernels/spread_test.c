/* spread_test.c -- every pixel is dealt out exactly once, whatever the size and the threads. */
#include "engine/backend.h"
#include "kernels/cpu/spread.h"
#include "tests/gd_test.h"

enum { MOST = 300000 };

static unsigned char seen[MOST + 1];

static void mark(void *ctx, int64_t first, int64_t last) {
    (void)ctx;
    for (int64_t p = first; p < last; p++) seen[p]++;
}

static void each_pixel_once(void **state) {
    (void)state;
    const int64_t n[] = {0, 1, 2, 1023, 65537, MOST};
    const size_t  bytes[] = {0, 1, 8, 8191, 200000};
    for (int threads = 1; threads <= 3; threads++) {
        gd_cpu_set_threads(threads);
        for (size_t i = 0; i < sizeof n / sizeof *n; i++)
            for (size_t k = 0; k < sizeof bytes / sizeof *bytes; k++) {
                memset(seen, 0, sizeof seen);
                gdk_spread_pixels(n[i], bytes[k], mark, NULL);
                for (int64_t p = 0; p < n[i]; p++) assert_int_equal(seen[p], 1);
                assert_int_equal(seen[n[i]], 0);
            }
    }
    gd_cpu_set_threads(0);
}

/* 3 bytes from strides of 5 into strides of 4; what lies between stays. */
static void copies_pixels(void **state) {
    (void)state;
    static unsigned char from[5 * 70000], to[4 * 70000];
    for (size_t i = 0; i < sizeof from; i++) from[i] = (unsigned char)(i * 7 + i / 256);
    memset(to, 0xee, sizeof to);
    gdk_copy_pixels(to, 4, from, 5, 70000, 3);
    for (size_t p = 0; p < 70000; p++) {
        assert_memory_equal(to + 4 * p, from + 5 * p, 3);
        assert_int_equal(to[4 * p + 3], 0xee);
    }
    gdk_copy_pixels(to, 4, from, 5, 10, 0);
    gdk_copy_pixels(to, 4, from, 4, 70000, 4);
    assert_memory_equal(to, from, sizeof to);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_pixel_once),
                                       cmocka_unit_test(copies_pixels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
