/* arg_test.c -- what operators refuse, in words that name the input; counts kept in range. */
#include "tests/gd_test.h"

#include "kernels/arg.h"

static void wants(void **state) {
    (void)state;
    gd_error      err;
    gd_tensor     boxes = gd_tensor_make(GD_F32, 3, (int64_t[]){2, 9, 4});
    gd_tensor     count = gd_tensor_make(GD_I32, 1, (int64_t[]){2});
    gd_launch     l = {.n_in = 2, .in = {&boxes, &count}};
    const int64_t any[] = {-1, -1, 4}, two = 2, three = 3, four[] = {2, 9, 4, 1};
    gd_assert_ok(gdk_want(&l, "nms", 0, GD_F32, 3, any, "boxes", &err), &err);
    gd_assert_ok(gdk_want(&l, "nms", 1, GD_I32, 1, &two, "count", &err), &err);
    assert_int_equal(gdk_want(&l, "nms", 1, GD_I32, 1, &three, "count i32[B]", &err),
                     GD_ERR_SHAPE);
    assert_non_null(strstr(err.msg, "nms"));
    assert_non_null(strstr(err.msg, "input 1"));
    assert_non_null(strstr(err.msg, "i32[2]"));
    assert_non_null(strstr(err.msg, "count i32[B]"));
    assert_int_not_equal(gdk_want(&l, "nms", 1, GD_F32, 1, &two, "scores", &err), GD_OK);
    assert_int_not_equal(gdk_want(&l, "nms", 0, GD_F32, 4, four, "a map", &err), GD_OK);
    assert_int_equal(gdk_want(&l, "nms", 2, GD_I32, 1, &two, "group", &err), GD_ERR_ARG);
    assert_non_null(strstr(err.msg, "missing"));
    l.in[1] = NULL;
    assert_int_equal(gdk_want(&l, "nms", 1, GD_I32, 1, &two, "count", &err), GD_ERR_ARG);
}

static void counts(void **state) {
    (void)state;
    int32_t   value[] = {3, -1, 99, 0};
    gd_tensor t = gd_tensor_make(GD_I32, 1, (int64_t[]){4});
    t.data = value;
    assert_int_equal(gdk_count(&t, 0, 5), 3);
    assert_int_equal(gdk_count(&t, 1, 5), 0);
    assert_int_equal(gdk_count(&t, 2, 5), 5);
    assert_int_equal(gdk_count(&t, 3, 5), 0);
    assert_int_equal(gdk_count(NULL, 0, 5), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(wants), cmocka_unit_test(counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
