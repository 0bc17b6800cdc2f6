/* name_map_test.c -- ten thousand names are found again, others are not. */
#include "tools/output/name_map.h"

#include "tests/gd_test.h"

static void test_many(void **state) {
    gd_name_map m = {0};
    gd_error    err;
    char        name[32];
    (void)state;
    assert_null(gd_name_map_find(&m, "x"));
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "picture-%d", i);
        assert_null(gd_name_map_find(&m, name));
        gd_assert_ok(gd_name_map_add(&m, name, i, &err), &err);
    }
    gd_assert_ok(gd_name_map_add(&m, "", -1, &err), &err);
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "picture-%d", i);
        assert_int_equal(*gd_name_map_find(&m, name), i);
    }
    assert_int_equal(*gd_name_map_find(&m, ""), -1);
    assert_null(gd_name_map_find(&m, "picture-10000"));
    *gd_name_map_find(&m, "") = 5;
    assert_int_equal(*gd_name_map_find(&m, ""), 5);
    assert_int_equal(m.used, 10001);
    gd_name_map_free(&m);
    assert_null(gd_name_map_find(&m, ""));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
