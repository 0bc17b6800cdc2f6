/* encode_index_test.c -- PNG files with a palette: read back by our own reader, and refused. */
#include "tools/media/encode_index.h"

#include <stdio.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tests/gd_test.h"
#include "tools/media/picture.h"

static gd_error err;
static uint8_t  palette[256][3];

static void make_path(char path[64]) {
    snprintf(path, 64, "/tmp/gdrun-index-%d.png", (int)getpid());
}

/* Every pixel comes back as the colour of its index. */
static void round_trip(int width, int height, int n_colour, unsigned noise) {
    const gd_decoder_options in_process = {.in_process = true};
    uint8_t                 *index = malloc((size_t)width * (size_t)height);
    gd_decoder              *dec;
    gd_picture               p = {0};
    char                     path[64];
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++) {
        noise = noise * 1664525u + 1013904223u;
        index[i] = (uint8_t)((noise ? noise >> 20 : 0) % (unsigned)n_colour);
    }
    make_path(path);
    const gd_index_image im = {index, width, height, palette, n_colour};
    gd_assert_ok(gd_encode_index_file(path, GD_OUT_REPLACE, &im, &err), &err);
    gd_assert_ok(gd_decoder_open(&in_process, &dec, &err), &err);
    gd_assert_ok(gd_decoder_read(dec, path, NULL, &p, &err), &err);
    assert_int_equal(p.width, width);
    assert_int_equal(p.height, height);
    assert_int_equal(p.n_warnings, 0);
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
        assert_memory_equal(p.rgb + 3 * i, palette[index[i]], 3);
    gd_picture_free(&p);
    gd_decoder_close(dec);
    unlink(path);
    free(index);
}

static void test_sizes(void **state) {
    (void)state;
    round_trip(1, 1, 1, 1);
    round_trip(7, 3, 2, 1);
    round_trip(640, 480, 21, 1); /* hardly smaller than it was: several pieces */
    round_trip(640, 480, 256, 7);
    round_trip(1000, 700, 21, 0); /* almost nothing */
    round_trip(65535, 1, 21, 3);
    round_trip(1, 65535, 21, 3);
}

static void test_refused(void **state) {
    const uint8_t  index[4] = {0, 1, 2, 3};
    gd_index_image im = {index, 2, 2, palette, 3};
    char           path[64];
    (void)state;
    make_path(path);
    assert_int_equal(gd_encode_index_file(path, 0, &im, &err), GD_ERR_ARG); /* index 3 */
    assert_int_equal(err.code, 900);
    assert_int_equal(access(path, F_OK), -1);
    im.n_colour = 4;
    gd_assert_ok(gd_encode_index_file(path, 0, &im, &err), &err);
    assert_int_equal(gd_encode_index_file(path, 0, &im, &err), GD_ERR_IO); /* it is there */
    unlink(path);
    im.n_colour = 257;
    assert_int_equal(gd_encode_index_file(path, 0, &im, &err), GD_ERR_ARG);
    im = (gd_index_image){index, 0, 2, palette, 4};
    assert_int_equal(gd_encode_index_file(path, 0, &im, &err), GD_ERR_ARG);
    im = (gd_index_image){index, 2, 2, palette, 4};
    assert_int_equal(gd_encode_index_file("/nowhere/x.png", 0, &im, &err), GD_ERR_IO);
    assert_int_equal(err.code, 900);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes),
                                       cmocka_unit_test(test_refused)};
    for (int i = 0; i < 256; i++)
        for (int k = 0; k < 3; k++) palette[i][k] = (uint8_t)(i * (5 + 2 * k) + 40 * k);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
