/* record_test.c -- class names and category ids, with and without tables. */
#include "tests/output/sample.h"

static void test_names(void **state) {
    const gd_run_info bare = {.n_classes = 3};
    char              name[32];
    (void)state;
    assert_string_equal(gd_run_class_name(&sample_info, 0, name, sizeof name), "person");
    assert_string_equal(gd_run_class_name(&sample_info, 3, name, sizeof name), "class 3");
    assert_string_equal(gd_run_class_name(&sample_info, -1, name, sizeof name), "class -1");
    assert_string_equal(gd_run_class_name(&bare, 1, name, sizeof name), "class 1");
    assert_int_equal(gd_run_category_id(&sample_info, 1), 10);
    assert_int_equal(gd_run_category_id(&sample_info, 3), 3);
    assert_int_equal(gd_run_category_id(&bare, 2), 2);
    gd_record r = gd_record_defaults();
    assert_true(r.pts < 0 && r.ms.infer < 0 && r.age_ms < 0 && r.orientation == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
