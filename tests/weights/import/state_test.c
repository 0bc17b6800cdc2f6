/* state_test.c -- names of weights: unique, and all of them found again. */
#include "tests/weights/import/ckpt_make.h"

static bytes dict_of(int n, const char *format) {
    bytes      b = {0}, file = {0};
    const view v = {"FloatStorage", "0", 4, 0, 1, {4}, {1}};
    pk_start(&b);
    put_text(&b, "}");
    for (int i = 0; i < n; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%d", format, i);
        pk_item(&b, name, &v);
    }
    put_text(&b, ".");
    put_ckpt(&file, &b, 16, 0);
    drop(&b);
    return file;
}

static void thousand_names(void **state) {
    (void)state;
    bytes    b = dict_of(1000, "module.layer.");
    gd_ckpt *c = assert_opened(&b, NULL);
    assert_int_equal(gd_ckpt_count(c), 1000);
    for (int i = 0; i < 1000; i++) {
        char name[64];
        snprintf(name, sizeof name, "layer.%d", i);
        assert_ptr_equal(gd_ckpt_find(c, name), gd_ckpt_at(c, i));
    }
    assert_null(gd_ckpt_find(c, "layer.1000"));
    assert_null(gd_ckpt_find(c, "module.layer.1"));
    assert_null(gd_ckpt_at(c, -1));
    assert_null(gd_ckpt_at(c, 1000));
    gd_ckpt_close(c);
    drop(&b);
}

/* {"a": {"b": t}, "a.b": t}: one name, two tensors. */
static void same_name(void **state) {
    (void)state;
    bytes      b = {0}, file = {0};
    const view v = {"FloatStorage", "0", 4, 0, 1, {4}, {1}};
    pk_start(&b);
    put_text(&b, "}");
    pk_item(&b, "a.b", &v);
    pk_str(&b, "a");
    put_text(&b, "}");
    pk_item(&b, "b", &v);
    put_text(&b, "s.");
    put_ckpt(&file, &b, 16, 0);
    assert_refused(&file, NULL, 443);
    drop(&file);
    drop(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thousand_names),
        cmocka_unit_test(same_name),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
