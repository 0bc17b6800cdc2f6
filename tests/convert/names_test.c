/* names_test.c -- lists of class names: what is read, tidied, refused, dropped and made up. */
#include <unistd.h>

#include "tests/gd_test.h"
#include "tools/convert/names.h"

static gd_error err;
static gd_arena arena;

static gd_status read_text(const char *text, size_t n, gd_names *out) {
    char path[] = "/tmp/names_test.XXXXXX";
    int  fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), (ssize_t)n);
    close(fd);
    gd_status st = gd_names_read(path, &arena, out, &err);
    unlink(path);
    return st;
}

static void test_read(void **state) {
    (void)state;
    static const struct {
        const char *text, *joined;
        int         count;
    } good[] = {
        {"one", "one", 1},
        {"a\nb c\nd\n", "a\nb c\nd", 3},
        {"\xef\xbb\xbf"
         "a\r\nb\r\n\r\n \t\n",
         "a\nb", 2},
        {"\xc3\xa9t\xc3\xa9\nb", "\xc3\xa9t\xc3\xa9\nb", 2},
    };
    static const char *const bad[] = {"",        "\n",       "a\n\nb", "\na",
                                      "a\nb\na", "a\x1b[0m", "\xff",   "a\rb"};
    gd_names                 n;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        gd_assert_ok(read_text(good[i].text, strlen(good[i].text), &n), &err);
        assert_string_equal(n.joined, good[i].joined);
        assert_int_equal(n.count, good[i].count);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_text(bad[i], strlen(bad[i]), &n), GD_ERR_FORMAT);
        assert_int_equal(err.code, 463);
    }
    assert_int_equal(read_text("a\0b", 3, &n), GD_ERR_FORMAT);
    assert_int_equal(gd_names_read("/tmp", &arena, &n, &err), GD_ERR_IO);
}

static void test_fit(void **state) {
    (void)state;
    const gd_arch *rcnn = gd_arch_find("fasterrcnn_resnet50_fpn");
    const gd_arch *yolox = gd_arch_find("yolox_s"), *resnet = gd_arch_find("resnet18");
    gd_names       given, n;
    /* The architecture's own. */
    gd_assert_ok(gd_names_fit(rcnn, 91, NULL, &arena, &n, &err), &err);
    assert_int_equal(n.count, 90);
    assert_memory_equal(n.joined, "person\nbicycle\n", 15);
    assert_memory_equal(n.ids, "1,2,3,", 6);
    assert_false(n.made_up);
    gd_assert_ok(gd_names_fit(yolox, 80, NULL, &arena, &n, &err), &err);
    assert_memory_equal(n.ids, "1,2,3,4,5,6,7,8,9,10,11,13,", 27);
    gd_assert_ok(gd_names_fit(resnet, 1000, NULL, &arena, &n, &err), &err);
    assert_memory_equal(n.ids, "0,1,2,", 6);
    assert_int_not_equal(n.joined[strlen(n.joined) - 1], '\n');
    /* Made up; a category id is the output's number. */
    gd_assert_ok(gd_names_fit(rcnn, 3, NULL, &arena, &n, &err), &err);
    assert_true(n.made_up);
    assert_string_equal(n.joined, "class 1\nclass 2");
    assert_string_equal(n.ids, "1,2");
    gd_assert_ok(gd_names_fit(yolox, 2, NULL, &arena, &n, &err), &err);
    assert_string_equal(n.joined, "class 0\nclass 1");
    assert_int_equal(gd_names_fit(rcnn, 1, NULL, &arena, &n, &err), GD_ERR_FORMAT);
    /* Given, with and without a name of the background. */
    gd_assert_ok(read_text("cat\ndog", 7, &given), &err);
    gd_assert_ok(gd_names_fit(rcnn, 3, &given, &arena, &n, &err), &err);
    assert_string_equal(n.joined, "cat\ndog");
    assert_int_equal(gd_names_fit(rcnn, 2, &given, &arena, &n, &err), GD_ERR_FORMAT);
    assert_int_equal(gd_names_fit(yolox, 3, &given, &arena, &n, &err), GD_ERR_FORMAT);
    gd_assert_ok(read_text("__background__\ncat\ndog", 22, &given), &err);
    gd_assert_ok(gd_names_fit(rcnn, 3, &given, &arena, &n, &err), &err);
    assert_string_equal(n.joined, "cat\ndog");
    assert_int_equal(n.count, 2);
    gd_assert_ok(gd_names_fit(yolox, 3, &given, &arena, &n, &err), &err);
    assert_int_equal(n.count, 3);
    /* The architecture's own list, given, has its ids; another of that length has not. */
    const char *coco = gd_class_list("coco80");
    gd_assert_ok(gd_names_text(coco, &arena, &given, &err), &err);
    gd_assert_ok(gd_names_fit(yolox, 80, &given, &arena, &n, &err), &err);
    assert_memory_equal(n.ids, "1,2,3,4,5,6,7,8,9,10,11,13,", 27);
    char *other = gd_arena_string(&arena, given.joined);
    other[0] = 'P';
    given.joined = other;
    gd_assert_ok(gd_names_fit(yolox, 80, &given, &arena, &n, &err), &err);
    assert_memory_equal(n.ids, "0,1,2,", 6);
    /* A text that a checkpoint brought keeps to the same rules. */
    gd_assert_ok(gd_names_text("cat\r\ndog\n", &arena, &given, &err), &err);
    assert_int_equal(given.count, 2);
    assert_string_equal(given.joined, "cat\ndog");
    assert_int_equal(gd_names_text("cat\ncat", &arena, &given, &err), GD_ERR_FORMAT);
    assert_int_equal(gd_names_text("", &arena, &given, &err), GD_ERR_FORMAT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_fit),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    gd_arena_free(&arena);
    return failed;
}
