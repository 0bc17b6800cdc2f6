/* sums_test.c -- sums over pixels: every pixel once, the same bits with any number of threads,
 * moments against double. */
#include "tests/gd_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/mem.h"
#include "kernels/cpu/sums.h"

enum { PIXELS = 5003, CHANNELS = 13, PITCH = 16 };

static float values[PIXELS * PITCH];

static gd_tensor pixels_of(int64_t n) {
    const int64_t dim[2] = {n, CHANNELS};
    gd_tensor     t = gd_tensor_make(GD_F32, 2, dim);
    t.pitch = PITCH;
    t.data = values;
    for (int64_t i = 0; i < PIXELS * PITCH; i++) values[i] = 3 + (float)(i * 37 % 101) / 50;
    return t;
}

static void count_part(const void *ctx, int64_t first, int64_t last, float *sum) {
    (void)ctx;
    for (int64_t i = first; i < last; i++)
        for (int c = 0; c < CHANNELS; c++) sum[c] += (float)((i + 1) * (c + 1) % 7);
}

static void every_pixel_once(void **state) {
    (void)state;
    for (int64_t n = 0; n <= PIXELS; n += n < 3 ? 1 : 1250) {
        void         *scratch = gd_mem_get(gdk_sums_scratch(n, CHANNELS) + 64);
        const double *sum = gdk_sums(n, CHANNELS, count_part, NULL, scratch);
        for (int c = 0; c < CHANNELS; c++) {
            double want = 0;
            for (int64_t i = 0; i < n; i++) want += (double)((i + 1) * (c + 1) % 7);
            assert_true(sum[c] == want);
        }
        gd_mem_put(scratch);
    }
}

static void moments(void **state) {
    (void)state;
    const int64_t   first = 3, n = PIXELS - 3;
    const gd_tensor x = pixels_of(PIXELS);
    double          one[2 * CHANNELS];
    const size_t    bytes = gdk_sums_scratch(n, 2 * CHANNELS);
    void           *scratch = gd_mem_get(bytes);
    for (int threads = 1; threads <= 5; threads++) {
        const int     before = gd_cpu_scope(threads);
        const double *got = gdk_moments(&x, first, n, scratch);
        gd_cpu_scope(before);
        if (threads == 1) memcpy(one, got, sizeof one);
        assert_memory_equal(one, got, sizeof one);
    }
    for (int c = 0; c < CHANNELS; c++) {
        double mean = 0, squares = 0;
        for (int64_t i = 0; i < n; i++) mean += (double)values[(first + i) * PITCH + c];
        mean /= (double)n;
        for (int64_t i = 0; i < n; i++)
            squares += pow((double)values[(first + i) * PITCH + c] - mean, 2);
        assert_true(fabs(one[c] - mean) < 1e-6);
        assert_true(fabs(one[CHANNELS + c] / squares - 1) < 1e-6);
    }
    gd_mem_put(scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_pixel_once),
                                       cmocka_unit_test(moments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
