/* gdw_flip_test.c -- a damaged .gdw is never accepted: each bit, each length, each byte
 * after. */
#include "tests/weights/gdw_make.h"

#include "engine/safe.h"

enum { SIZE = 65536 };
static gd_error err;

/* 1 if the bytes were taken for a good file. */
static int accepted(const unsigned char *b, size_t n) {
    gd_gdw   *g;
    gd_status st = gd_gdw_load_memory(b, n, &g, &err);
    gd_gdw_close(g);
    if (st == GD_OK) return 1;
    assert_int_equal(st, GD_ERR_FORMAT);
    assert_null(g);
    return 0;
}

/* The same through a file. */
static int accepted_file(const char *path, const void *b, size_t n) {
    gd_gdw *g;
    gdw_save(path, b, n);
    gd_status st = gd_gdw_load(path, &g, &err);
    gd_gdw_close(g);
    return st == GD_OK;
}

static void test_each_bit(void **state) {
    (void)state;
    const char    *path = gdw_path("flip.gdw");
    unsigned char *b = gdw_make(SIZE);
    int            refused = 0, missed = 0;
    assert_int_equal(accepted(b, SIZE), 1);
    for (size_t bit = 0; bit < SIZE * 8; bit++) {
        b[bit / 8] ^= (unsigned char)(1u << bit % 8);
        accepted(b, SIZE) ? missed++ : refused++;
        if (bit % 4001 == 0) assert_int_equal(accepted_file(path, b, SIZE), 0);
        b[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    print_message("%d refusals, %d misses\n", refused, missed);
    assert_int_equal(missed, 0);
    assert_int_equal(refused, 524288);
    assert_int_equal(accepted_file(path, b, SIZE), 1);
    unlink(path);
    gd_mem_put(b);
}

/* ... as the file is, and with a header that agrees with the length. */
static void test_each_length(void **state) {
    (void)state;
    const char    *path = gdw_path("cut.gdw");
    unsigned char *b = gdw_make(SIZE);
    for (size_t n = 0; n < SIZE; n++) {
        /* A copy of the exact length, so that a sanitizer sees a read beyond it. */
        unsigned char *cut = malloc(n ? n : 1);
        memcpy(cut, b, n);
        assert_int_equal(accepted(cut, n), 0);
        if (n % 997 == 0) assert_int_equal(accepted_file(path, cut, n), 0);
        if (n >= 512) {
            for (int i = 0; i < 8; i++) cut[16 + i] = (unsigned char)((uint64_t)n >> 8 * i);
            gdw_reseal(cut);
            assert_int_equal(accepted(cut, n), 0);
        }
        free(cut);
    }
    unlink(path);
    gd_mem_put(b);
}

static void test_appended(void **state) {
    (void)state;
    unsigned char *b = gdw_make(SIZE), *more = gd_mem_get(SIZE + 64);
    memcpy(more, b, SIZE);
    for (size_t n = 1; n <= 64; n += 21)
        for (int byte = 0; byte < 256; byte++) {
            memset(more + SIZE, byte, n);
            memcpy(more, b, 64);
            assert_int_equal(accepted(more, SIZE + n), 0);
            more[16] = (unsigned char)n, more[18] = 1; /* the header agrees */
            gdw_reseal(more);
            assert_int_equal(accepted(more, SIZE + n), 0);
        }
    gd_mem_put(b);
    gd_mem_put(more);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_bit),
        cmocka_unit_test(test_each_length),
        cmocka_unit_test(test_appended),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(gdw_folder());
    return failed;
}
