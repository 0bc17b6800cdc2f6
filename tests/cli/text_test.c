/* text_test.c -- escaping of hostile names, and the distance between words. */
#include "tests/gd_test.h"

#include "tools/cli/text.h"

static void escapes(void **state) {
    (void)state;
    char out[64], tight[8];
    assert_string_equal(gd_escape(out, sizeof out, "a\nb\tc\x1b[31m"), "a\\nb\\tc\\x1b[31m");
    assert_string_equal(gd_escape(out, sizeof out, "\x7f%n%s"), "\\x7f%n%s");
    assert_string_equal(gd_escape(out, sizeof out, "h\xc3\xa9 \xe2\x82\xac"),
                        "h\xc3\xa9 \xe2\x82\xac");
    assert_string_equal(gd_escape(out, sizeof out, "\xff\xc0\xaf\xc2\x9b!"),
                        "\\xff\\xc0\\xaf\\xc2\\x9b!");
    assert_string_equal(gd_escape(out, sizeof out, "\xed\xa0\x80"), "\\xed\\xa0\\x80");
    assert_string_equal(gd_escape(out, sizeof out, "\xe2\x82"), "\\xe2\\x82");
    assert_string_equal(gd_escape(tight, sizeof tight, "abcdefg"), "abcdefg");
    assert_string_equal(gd_escape(tight, sizeof tight, "abcdefgh"), "abcd...");
    assert_string_equal(gd_escape(tight, sizeof tight, ""), "");
}

static void distances(void **state) {
    (void)state;
    assert_int_equal(gd_edit_distance("conf", "conf"), 0);
    assert_int_equal(gd_edit_distance("cnof", "conf"), 1);
    assert_int_equal(gd_edit_distance("con", "conf"), 1);
    assert_int_equal(gd_edit_distance("", "conf"), 4);
    assert_int_equal(gd_edit_distance("kitten", "sitting"), 3);
    assert_true(gd_is_near(1, 4));
    assert_false(gd_is_near(4, 4));
    assert_false(gd_is_near(1, 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes),
        cmocka_unit_test(distances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
