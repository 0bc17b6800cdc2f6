/* list_test.c -- the list for people: counts, aligned names, nothing that moves a cursor. */
#include "tests/output/sample.h"

static void test_detections(void **state) {
    char *text = sample_text("list", &sample_info, NULL);
    (void)state;
    assert_string_equal(text,
                        "a/000000000139.jpg: 3 objects (640x480, 22.7 ms)\n"
                        "  person                       0.92  [100.2, 150.0, 300.7, 399.5]\n"
                        "  traffic \"light\", <red> & co  0.33  [-5.5, 10.3, 20.0, 500.0]\n"
                        "  \\xff\\n                       0.00  [700.0, 700.0, 800.0, 800.0]\n"
                        "b/12.png: no objects (640x480, 22.7 ms)\n"
                        "x, \"y\" \\xff\\x1b[31m 7.jpg: 1 object (640x480, 22.7 ms)\n"
                        "  person  0.92  [100.2, 150.0, 300.7, 399.5]\n"
                        "broken.jpg: failed\n"
                        "3 pictures, 4 objects, 1 failed, 30.0 a second\n");
    gd_mem_put(text);
}

static void test_classes(void **state) {
    const gd_writer_options color = {.color = true};
    gd_run_info             info = sample_info;
    (void)state;
    info.task = GD_TASK_CLASSIFY;
    char *text = sample_text("list", &info, &color);
    assert_non_null(strstr(text,
                           "\033[1ma/000000000139.jpg\033[0m: 2 classes (640x480, 22.7 ms)"
                           "\n  \\xff\\n  0.7500\n  person  0.1250\n"));
    gd_mem_put(text);
}

static void test_segments(void **state) {
    gd_run_info info = sample_info;
    (void)state;
    info.task = GD_TASK_SEGMENT;
    char *text = sample_text("list", &info, NULL);
    assert_non_null(strstr(text,
                           ": 2 classes (640x480, 22.7 ms)\n  traffic \"light\", <red> & co"
                           "  75.0 %\n  person                       25.0 %\n"));
    gd_mem_put(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detections),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
