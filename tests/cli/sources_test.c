/* sources_test.c -- arguments become pictures: order, patterns, lists, and what cannot be
 * read. */
#include "tests/gd_test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/sources.h"

static char root[64];

static void touch(const char *name, const char *text) {
    char  path[256];
    FILE *f;
    snprintf(path, sizeof path, "%s/%s", root, name);
    f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int make(void **state) {
    char path[256];
    (void)state;
    snprintf(root, sizeof root, "/tmp/gd_sources_XXXXXX");
    if (!mkdtemp(root)) return -1;
    snprintf(path, sizeof path, "%s/folder.jpg", root);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/empty", root);
    mkdir(path, 0700);
    touch("b.JPG", "");
    touch("a.png", "");
    touch("c[1].bmp", "");
    touch("notes.txt", "");
    touch(".jpg", "");
    touch("list.txt", "x/1.jpg\r\n\n# a comment\n two words.png\n*.jpg");
    touch("none.txt", "# nothing\n");
    return 0;
}

static int clear(void **state) {
    char line[160];
    (void)state;
    snprintf(line, sizeof line, "rm -r '%s'", root);
    return system(line);
}

static gd_sources s;

/* Adds root/`name` with an optional mark before it. */
static gd_status add(const char *mark, const char *name, gd_error *err) {
    char arg[256];
    snprintf(arg, sizeof arg, "%s%s/%s", mark, root, name);
    return gd_sources_add(&s, arg, err);
}

static void expect(int i, const char *end) {
    assert_true(i < s.n);
    assert_null(s.items[i].error);
    if (!strstr(s.items[i].path, end)) fail_msg("entry %d is %s", i, s.items[i].path);
}

static void expect_error(int i, int code) {
    assert_true(i < s.n);
    assert_non_null(s.items[i].error);
    assert_int_equal(s.items[i].error->code, code);
}

static void spreads(void **state) {
    (void)state;
    gd_error err = {0};
    gd_assert_ok(add("", "", &err), &err); /* the folder, with a trailing slash */
    assert_int_equal(s.n, 3);
    expect(0, "/a.png");
    expect(1, "/b.JPG");
    expect(2, "/c[1].bmp");
    assert_null(strstr(s.items[0].path, "//"));
    gd_assert_ok(add("", "c[1].bmp", &err), &err); /* an existing file is no pattern */
    expect(3, "/c[1].bmp");
    gd_assert_ok(add("", "*.[pJ]*", &err), &err);
    assert_int_equal(s.n, 6);
    expect(4, "/a.png");
    expect(5, "/b.JPG");
    gd_assert_ok(add("@", "list.txt", &err), &err);
    assert_int_equal(s.n, 9);
    assert_string_equal(s.items[6].path, "x/1.jpg");
    assert_string_equal(s.items[7].path, " two words.png");
    assert_string_equal(s.items[8].path, "*.jpg");
    assert_non_null(strstr(s.items[8].where, "list.txt"));
    gd_assert_ok(gd_sources_add(&s, "-", &err), &err);
    assert_int_equal(gd_sources_add(&s, "-", &err), GD_ERR_ARG);
    gd_sources_free(&s);
}

static void keeps_errors(void **state) {
    (void)state;
    gd_error err = {0};
    gd_assert_ok(add("", "empty", &err), &err);
    gd_assert_ok(add("", "missing.jpg", &err), &err);
    gd_assert_ok(add("", "*.gif", &err), &err);
    gd_assert_ok(add("@", "missing.txt", &err), &err);
    gd_assert_ok(add("@", "none.txt", &err), &err);
    gd_assert_ok(gd_sources_add(&s, "rtsp://host/x", &err), &err);
    gd_assert_ok(gd_sources_add(&s, "", &err), &err);
    gd_assert_ok(gd_sources_add(&s, "@/dev/zero", &err), &err);
    expect_error(0, 352);
    expect_error(1, 350);
    expect_error(2, 351);
    expect_error(3, 353);
    expect_error(4, 353);
    expect_error(5, 355);
    expect_error(6, 350);
    expect_error(7, 353);
    gd_sources_free(&s);
}

static void hostile_lists(void **state) {
    (void)state;
    gd_error err = {0};
    char    *long_name = malloc(5000);
    assert_non_null(long_name);
    memset(long_name, 'n', 4999);
    long_name[4999] = '\0';
    touch("long.txt", long_name);
    free(long_name);
    gd_assert_ok(add("@", "long.txt", &err), &err);
    expect_error(0, 353);
    gd_sources_free(&s);
}

static void clashes(void **state) {
    (void)state;
    gd_error err = {0};
    char     path[256], link_name[256];
    snprintf(path, sizeof path, "%s/a.png", root);
    snprintf(link_name, sizeof link_name, "%s/empty/hard.png", root);
    assert_int_equal(link(path, link_name), 0);
    gd_assert_ok(add("", "a.png", &err), &err);
    assert_int_equal(gd_sources_clash(&s, link_name, &err), GD_ERR_ARG);
    assert_int_equal(err.code, 208);
    gd_assert_ok(gd_sources_clash(&s, "/dev/null", &err), &err);
    gd_assert_ok(gd_sources_clash(&s, "/nowhere/x.png", &err), &err);
    assert_true(gd_same_file(path, link_name));
    gd_sources_free(&s);
    unlink(link_name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spreads),
        cmocka_unit_test(keeps_errors),
        cmocka_unit_test(hostile_lists),
        cmocka_unit_test(clashes),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
