/* yolo_test.c -- label files: shares of the picture, cut to it; empty files; class names. */
#include "tests/output/sample.h"

static gd_error err;

static void check_file(const char *folder, const char *name, const char *want) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *text = sample_read(path);
    assert_string_equal(text, want);
    gd_mem_put(text);
}

static void test_labels(void **state) {
    const gd_writer_options conf = {.yolo_conf = true, .replace = true};
    char                    folder[64];
    (void)state;
    sample_folder(folder);
    gd_assert_ok(sample_run("yolo", folder, &sample_info, NULL, &err), &err);
    /* 20 x 469.75 of the second box is inside; the third box is outside altogether. */
    check_file(folder, "000000000139.txt",
               "0 0.31320313 0.57239586 0.31328127 0.51979166\n"
               "1 0.015625 0.5106771 0.03125 0.97864586\n");
    check_file(folder, "12.txt", "");
    check_file(folder, "classes.txt", "person\ntraffic \"light\", <red> & co\n\xff?\n");
    assert_int_equal(sample_count(folder, false), 4);
    gd_assert_ok(sample_run("yolo", folder, &sample_info, &conf, &err), &err);
    check_file(folder, "x, \"y\" \xff_[31m 7.txt",
               "0 0.31320313 0.57239586 0.31328127 0.51979166 0.9213\n");
    sample_count(folder, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_labels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
