/* number_test.c -- typed numbers: what is taken, what is refused. */
#include "tests/gd_test.h"

#include "tools/cli/number.h"

static void integers(void **state) {
    (void)state;
    int64_t     v = 77;
    const char *bad[] = {"",
                         "-",
                         "+",
                         " 1",
                         "1 ",
                         "0x10",
                         "1e3",
                         "1.0",
                         "1_000",
                         "१",
                         "--1",
                         "1-",
                         "9223372036854775808",
                         "99999999999999999999"};
    assert_true(gd_number_int("0", &v) && v == 0);
    assert_true(gd_number_int("-12", &v) && v == -12);
    assert_true(gd_number_int("+12", &v) && v == 12);
    assert_true(gd_number_int("-9223372036854775808", &v) && v == INT64_MIN);
    v = 77;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(gd_number_int(bad[i], &v));
        assert_int_equal(v, 77);
    }
}

static void reals(void **state) {
    (void)state;
    double      v = 77;
    const char *bad[] = {"",       ".",        "-",   "nan", "inf",  "-inf", "1e400",
                         "-1e400", "0x1p3",    "1,5", " 1",  "1 ",   "1e",   "e5",
                         "1.2.3",  "infinity", "1d3", "--1", "1e+-3"};
    assert_true(gd_number_real("0.25", &v) && v == 0.25);
    assert_true(gd_number_real(".5", &v) && v == 0.5);
    assert_true(gd_number_real("5.", &v) && v == 5);
    assert_true(gd_number_real("-1e-3", &v) && v == -1e-3);
    assert_true(gd_number_real("1e-400", &v) && v == 0);
    v = 77;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (gd_number_real(bad[i], &v)) fail_msg("'%s' was taken as %g", bad[i], v);
        assert_true(v == 77);
    }
}

static void units(void **state) {
    (void)state;
    uint64_t b = 0;
    double   s = 0;
    int      w, h;
    assert_true(gd_number_bytes("2GiB", &b) && b == 2ull << 30);
    assert_true(gd_number_bytes("1.5kB", &b) && b == 1500);
    assert_true(gd_number_bytes("7", &b) && b == 7);
    assert_false(gd_number_bytes("0.3B", &b) || gd_number_bytes("1gib", &b) ||
                 gd_number_bytes("-1MB", &b) || gd_number_bytes("1e30TB", &b) ||
                 gd_number_bytes("MB", &b) || gd_number_bytes("1 MB", &b));
    assert_true(gd_number_seconds("50ms", &s) && s == 0.05);
    assert_true(gd_number_seconds("1.5s", &s) && s == 1.5);
    assert_true(gd_number_seconds("2min", &s) && s == 120);
    assert_true(gd_number_seconds("3", &s) && s == 3);
    assert_false(gd_number_seconds("-1s", &s) || gd_number_seconds("1S", &s) ||
                 gd_number_seconds("s", &s) || gd_number_seconds("1s1", &s));
    assert_true(gd_number_extent("640", &w, &h) && w == 640 && h == 640);
    assert_true(gd_number_extent("640x480", &w, &h) && w == 640 && h == 480);
    assert_false(gd_number_extent("640x", &w, &h) || gd_number_extent("x640", &w, &h) ||
                 gd_number_extent("1e3", &w, &h) || gd_number_extent("640X480", &w, &h) ||
                 gd_number_extent("6x4x8", &w, &h) || gd_number_extent("9999999999", &w, &h) ||
                 gd_number_extent("", &w, &h));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(reals),
        cmocka_unit_test(units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
