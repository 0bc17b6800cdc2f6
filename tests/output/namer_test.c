/* namer_test.c -- file names: unique, the same on every run, inside the folder whatever comes.
 * */
#include "tests/output/sample.h"

static gd_error err;
static char     path[4096];

static const char *next(gd_namer *n, const char *source, int64_t frame, const char *ext) {
    gd_assert_ok(gd_namer_next(n, source, frame, ext, path, sizeof path, &err), &err);
    assert_int_equal(strncmp(path, "/tmp/", 5), 0);
    return strrchr(path, '/') + 1;
}

static void test_names(void **state) {
    char      folder[64];
    gd_namer *n;
    (void)state;
    sample_folder(folder);
    gd_assert_ok(gd_namer_open(folder, &n, &err), &err);
    assert_string_equal(next(n, "a/dog.jpg", -1, ".txt"), "dog.txt");
    assert_string_equal(next(n, "b/dog.jpg", -1, ".txt"), "dog-2.txt");
    assert_string_equal(next(n, "dog.png", -1, ".txt"), "dog-3.txt");
    assert_string_equal(next(n, "dog-4.png", -1, ".txt"), "dog-4.txt");
    assert_string_equal(next(n, "dog.bmp", -1, ".txt"), "dog-5.txt");
    assert_string_equal(next(n, "dog.bmp", -1, ".xml"), "dog.xml");
    assert_string_equal(next(n, "v.mp4", 412, ".txt"), "v_000412.txt");
    assert_string_equal(next(n, "v.mp4", 12345678, ".txt"), "v_12345678.txt");
    assert_string_equal(next(n, "-", -1, ".txt"), "stdin.txt");
    assert_string_equal(next(n, "..", -1, ".txt"), "picture.txt");
    assert_string_equal(next(n, "../..", -1, ".txt"), "picture-2.txt");
    assert_string_equal(next(n, "/", -1, ".txt"), "picture-3.txt");
    assert_string_equal(next(n, "", -1, ".txt"), "picture-4.txt");
    assert_string_equal(next(n, NULL, -1, ".txt"), "picture-5.txt");
    assert_string_equal(next(n, "../../etc/passwd", -1, ".txt"), "passwd.txt");
    assert_string_equal(next(n, "x/.hidden.jpg", -1, ".txt"), ".hidden.txt");
    assert_string_equal(next(n, "folder/", -1, ".txt"), "folder.txt");
    assert_string_equal(next(n, "archive.tar.gz", -1, ".txt"), "archive.tar.txt");
    assert_string_equal(next(n, "%n%s.jpg", -1, ".txt"), "%n%s.txt");
    assert_string_equal(next(n, "a\nb\x1b\x7f.jpg", -1, ".txt"), "a_b__.txt");
    assert_string_equal(next(n, "\xff\xfe.jpg", -1, ".txt"), "\xff\xfe.txt");
    assert_int_equal(gd_namer_next(n, "a", -1, "/../b", path, sizeof path, &err), GD_ERR_ARG);
    gd_namer_close(n);
    sample_count(folder, true);
}

/* Names of 4,000 bytes are cut between characters; a file of that name can be made. */
static void test_long_names(void **state) {
    char      folder[64], source[4002] = {0};
    gd_namer *n;
    (void)state;
    source[0] = 'x';
    for (int i = 1; i + 1 < 4001; i += 2) memcpy(source + i, "\xc3\xa9", 2);
    sample_folder(folder);
    gd_assert_ok(gd_namer_open(folder, &n, &err), &err);
    size_t length = strlen(next(n, source, -1, "-003-traffic_light.jpg"));
    assert_int_equal(length, 199 + 22);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    gd_namer_close(n);
    sample_count(folder, true);
}

/* Equal names by the thousand must not cost their square. */
static void test_many_equal(void **state) {
    char      folder[64];
    gd_namer *n;
    (void)state;
    sample_folder(folder);
    gd_assert_ok(gd_namer_open(folder, &n, &err), &err);
    for (int i = 0; i < 100000; i++) next(n, "x.jpg", -1, ".txt");
    assert_string_equal(strrchr(path, '/') + 1, "x-100000.txt");
    gd_namer_close(n);
    sample_count(folder, true);
}

static void test_folders(void **state) {
    char      folder[64], deep[128];
    gd_namer *n;
    (void)state;
    sample_folder(folder);
    snprintf(deep, sizeof deep, "%s/p//q/r/", folder);
    gd_assert_ok(gd_namer_open(deep, &n, &err), &err);
    gd_namer_close(n);
    assert_int_equal(access(deep, W_OK), 0);
    gd_assert_ok(gd_namer_open(deep, &n, &err), &err); /* it may exist */
    gd_namer_close(n);
    snprintf(deep, sizeof deep, "%s/file", folder);
    FILE *f = fopen(deep, "w");
    fclose(f);
    assert_int_equal(gd_namer_open(deep, &n, &err), GD_ERR_IO);
    assert_null(n);
    snprintf(deep, sizeof deep, "%s/file/sub", folder);
    assert_int_equal(gd_namer_open(deep, &n, &err), GD_ERR_IO);
    assert_int_equal(err.code, 952);
    assert_int_equal(gd_namer_open("", &n, &err), GD_ERR_IO);
    gd_namer_close(NULL);
    sample_count(folder, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_many_equal),
        cmocka_unit_test(test_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
