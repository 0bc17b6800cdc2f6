/* utf8_test.c -- engine/utf8.h against the whole code space and the known bad forms. */
#include "engine/utf8.h"
#include "tests/gd_test.h"

static size_t encode(uint32_t c, char *s) {
    if (c < 0x80) return s[0] = (char)c, 1;
    if (c < 0x800) return s[0] = (char)(0xc0 | c >> 6), s[1] = (char)(0x80 | (c & 63)), 2;
    if (c < 0x10000) {
        s[0] = (char)(0xe0 | c >> 12);
        s[1] = (char)(0x80 | (c >> 6 & 63));
        s[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    s[0] = (char)(0xf0 | c >> 18);
    s[1] = (char)(0x80 | (c >> 12 & 63));
    s[2] = (char)(0x80 | (c >> 6 & 63));
    s[3] = (char)(0x80 | (c & 63));
    return 4;
}

static void test_all_points(void **state) {
    (void)state;
    char s[4];
    for (uint32_t c = 0; c < 0x1fffff; c++) {
        size_t n = encode(c, s);
        bool   control = c < 0x20 || (c >= 0x7f && c < 0xa0);
        bool   good = !control && !(c >= 0xd800 && c < 0xe000) && c <= 0x10ffff;
        if (gd_utf8_ok(s, n, false) != good) fail_msg("U+%04X", c);
        if (gd_utf8_ok(s, n, true) != (good || c == '\n' || c == '\t')) fail_msg("U+%04X", c);
        for (size_t k = 1; k < n; k++) assert_false(gd_utf8_ok(s, k, true));
    }
}

static void test_bad_forms(void **state) {
    (void)state;
    const char *bad[] = {"\x80",
                         "\xbf",
                         "a\xc3",
                         "\xc3\x41",
                         "\xc0\xaf",
                         "\xe0\x9f\xbf",
                         "\xf0\x8f\xbf\xbf",
                         "\xf8\x88\x80\x80\x80",
                         "\xff",
                         "\xfe"};
    assert_true(gd_utf8_ok("", 0, false));
    assert_true(gd_utf8_ok("backbone.\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d", 18, false));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(gd_utf8_ok(bad[i], strlen(bad[i]), true));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_points),
        cmocka_unit_test(test_bad_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
