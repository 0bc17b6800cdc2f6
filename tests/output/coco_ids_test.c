/* coco_ids_test.c -- image ids from annotation files, good and bad, and from file names. */
#include "tools/output/coco_ids.h"

#include "tests/output/sample.h"

static gd_error err;
static char     folder[64], path[96];

static gd_status open_text(gd_coco_ids *c, const char *text, size_t n) {
    gd_out o;
    gd_assert_ok(gd_out_open(&o, path, GD_OUT_REPLACE, &err), &err);
    gd_assert_ok(gd_out_write(&o, text, n, &err), &err);
    gd_assert_ok(gd_out_commit(&o, &err), &err);
    return gd_coco_ids_open(c, path, &err);
}

static int64_t id_of(const gd_coco_ids *c, const char *source) {
    int64_t id = -2;
    return gd_coco_ids_find(c, source, &id, &err) == GD_OK ? id : -1;
}

static void test_digits(void **state) {
    const gd_coco_ids none = {.path = NULL};
    (void)state;
    assert_int_equal(id_of(&none, "000000000139.jpg"), 139);
    assert_int_equal(id_of(&none, "d7/COCO_val2014_000000581929.jpg"), 581929);
    assert_int_equal(id_of(&none, "12/img7b.png"), 7);
    assert_int_equal(id_of(&none, "9223372036854775807"), INT64_MAX);
    assert_int_equal(id_of(&none, "9223372036854775808.jpg"), -1);
    assert_int_equal(id_of(&none, "12/dog.jpg"), -1);
    assert_int_equal(id_of(&none, "dog.mp4"), -1); /* digits of the extension do not count */
    assert_int_equal(id_of(&none, ""), -1);
    assert_int_equal(err.code, 953);
    assert_true(err.hint[0] != '\0');
}

static const char good[] =
    "{\"info\":{\"id\":1,\"file_name\":\"no.jpg\"},\"annotations\":[{\"id\":5,\"bbox\":[1,2,3,"
    "4]}],\"images\":[{\"file_name\":\"d\\u006fg.jpg\","
    "\"id\":9007199254740993,\"x\":{\"id\":3}},"
    "{\"id\":2,\"file_name\":\"val/cat.jpg\"},{\"id\":3,\"file_name\":\"train/cat.jpg\"},"
    "{\"id\":4,\"file_name\":\"val/sun.jpg\"}],\"categories\":[{\"id\":7,\"name\":\"x\"}]}";

static void test_listed(void **state) {
    gd_coco_ids c;
    (void)state;
    gd_assert_ok(open_text(&c, good, strlen(good)), &err);
    assert_int_equal(c.by_name.used, 6);
    assert_int_equal(id_of(&c, "dog.jpg"), 9007199254740993);
    assert_int_equal(id_of(&c, "/data/x/dog.jpg"), 9007199254740993);
    assert_int_equal(id_of(&c, "/data/val/cat.jpg"), 2);
    assert_int_equal(id_of(&c, "train/cat.jpg"), 3);
    assert_int_equal(id_of(&c, "cat.jpg"), -1); /* which? */
    assert_int_equal(id_of(&c, "/elsewhere/sun.jpg"), 4);
    assert_int_equal(id_of(&c, "no.jpg"), -1);
    assert_int_equal(id_of(&c, "139.jpg"), -1);
    gd_coco_ids_free(&c);
}

static void test_bad_files(void **state) {
    static const char *const bad[] = {
        "",
        "[",
        "{}",
        "[]",
        "7",
        "{\"images\":[{\"id\":1}]}",
        "{\"images\":[{\"file_name\":\"a\"}]}",
        "{\"images\":[{\"id\":\"1\",\"file_name\":\"a\"}]}",
        "{\"images\":[{\"id\":1.5,\"file_name\":\"a\"}]}",
        "{\"images\":[{\"id\":-1,\"file_name\":\"a\"}]}",
        "{\"images\":[{\"id\":9223372036854775808,\"file_name\":\"a\"}]}",
        "{\"images\":[{\"id\":1,\"file_name\":7}]}",
        "{\"images\":[{\"id\":1,\"file_name\":\"\"}]}",
        "{\"images\":[{\"id\":1,\"file_name\":\"a\\u0000b\"}]}",
        "{\"images\":[{\"id\":1,\"file_name\":\"a\"}]} x",
        "{\"images\":[{\"id\":1,\"file_name\":\"\xff\"}]}"};
    gd_coco_ids c;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (open_text(&c, bad[i], strlen(bad[i])) != GD_ERR_FORMAT)
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(err.code, 954);
    }
    /* Every truncation, and nesting of a megabyte. */
    for (size_t n = 0; n < strlen(good); n++)
        assert_int_equal(open_text(&c, good, n), GD_ERR_FORMAT);
    size_t n = 1 << 20;
    char  *deep = malloc(n);
    memset(deep, '[', n);
    assert_int_equal(open_text(&c, deep, n), GD_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "32"));
    free(deep);
    assert_int_equal(gd_coco_ids_open(&c, "/nonexistent.json", &err), GD_ERR_IO);
}

static void test_real(void **state) {
    char        real[4096];
    gd_coco_ids c;
    (void)state;
    snprintf(real, sizeof real, "%s/coco-mini/dev/instances.json", GD_TEST_DATA);
    if (access(real, R_OK) != 0) {
        print_message("no %s\n", real);
        skip();
    }
    gd_assert_ok(gd_coco_ids_open(&c, real, &err), &err);
    assert_int_equal(c.by_name.used, 40);
    assert_int_equal(id_of(&c, "images/000000000139.jpg"), 139);
    gd_coco_ids_free(&c);
}

static int make_folder(void **state) {
    (void)state;
    sample_folder(folder);
    snprintf(path, sizeof path, "%s/i.json", folder);
    return 0;
}
static int drop_folder(void **state) {
    (void)state;
    sample_count(folder, true);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_listed),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_real),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
