/* torch_facts_test.c -- class names that a pickled module carries, in each of their forms. */
#include "tests/weights/import/ckpt_make.h"

static const view v = {"FloatStorage", "0", 4, 0, 1, {4}, {1}};

static void attribute(bytes *b, const char *name, const char *code) {
    pk_str(b, name);
    put_text(b, code);
    put_text(b, "s");
}

/* A module with one tensor, or around another module, and the opcodes of its names. */
static void module(bytes *b, bool wraps, const bytes *names) {
    pk_global(b, "models.yolo", wraps ? "Wrapper" : "Model");
    put(b, ")\x81}", 3);
    pk_str(b, "_parameters");
    put_text(b, "}");
    if (!wraps) pk_item(b, "w", &v);
    put_text(b, "s");
    attribute(b, "_buffers", "}");
    pk_str(b, "_modules");
    put_text(b, "}");
    if (wraps) {
        pk_str(b, "module");
        module(b, false, names);
        put_text(b, "s");
    }
    put_text(b, "s");
    if (!wraps && names->n) {
        pk_str(b, "names");
        put(b, names->p, names->n);
        put_text(b, "s");
    }
    put_text(b, "b");
}

/* {"epoch": None, key: module} */
static gd_ckpt *open_named(const char *key, bool wraps, const bytes *names,
                           const gd_ckpt_options *opt) {
    bytes b = {0}, file = {0};
    pk_start(&b);
    put_text(&b, "}");
    attribute(&b, "epoch", "N");
    pk_str(&b, key);
    module(&b, wraps, names);
    put_text(&b, "s.");
    put_ckpt(&file, &b, 16, 0);
    gd_ckpt *c = assert_opened(&file, opt);
    drop(&b);
    drop(&file);
    return c;
}

static void same(const char *have, const char *want) {
    if (!want)
        assert_null(have);
    else
        assert_string_equal(have ? have : "(none)", want);
}

static void check(const bytes *names, const char *classes, const char *count, bool warns) {
    static const gd_ckpt_options by_key = {.state_key = "ema"};
    for (int i = 0; i < 4; i++) {
        gd_ckpt *c =
            open_named(i < 2 ? "model" : "ema", i == 1, names, i == 3 ? &by_key : NULL);
        same(gd_ckpt_meta(c, "classes"), classes);
        same(gd_ckpt_meta(c, "n_class"), count);
        assert_int_equal(warned(c, 446), warns);
        assert_int_equal(gd_ckpt_count(c), 1);
        assert_string_equal(gd_ckpt_at(c, 0)->name, "w");
        gd_ckpt_close(c);
    }
}

/* A list: "]" "(" ... "e"; a tuple: "(" ... "t"; a dict: "}" "(" key value ... "u". */
static bytes sequence(const char *open, const char *close, int n, const char *const *names,
                      const int64_t *keys) {
    bytes b = {0};
    put_text(&b, open);
    for (int i = 0; i < n; i++) {
        if (keys) pk_int(&b, keys[i]);
        pk_str(&b, names[i]);
    }
    put_text(&b, close);
    return b;
}

static void every_form(void **state) {
    (void)state;
    static const char *const three[] = {"person", "traffic light", "caf\xc3\xa9"};
    static const int64_t     up[] = {0, 1, 2};
    bytes form[] = {sequence("](", "e", 3, three, NULL), sequence("(", "t", 3, three, NULL),
                    sequence("}(", "u", 3, three, up)};
    for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
        check(&form[i], "person\ntraffic light\ncaf\xc3\xa9", "3", false);
        drop(&form[i]);
    }
    check(&(bytes){0}, NULL, NULL, false);
    bytes none = {0};
    put_text(&none, "N");
    check(&none, NULL, NULL, false);
    drop(&none);
}

static void unusable(void **state) {
    (void)state;
    static const int64_t     down[] = {1, 0}, gap[] = {0, 2};
    static const char *const two[] = {"a", "b"}, *const broken[] = {"a", "b\nc"},
                             *const empty[] = {"a", ""}, *const wild[] = {"a", "\xff"};
    char long_name[400];
    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    const char *const much[] = {"a", long_name};
    bytes             form[] = {sequence("}(", "u", 2, two, down),
                                sequence("}(", "u", 2, two, gap),
                                sequence("](", "e", 2, broken, NULL),
                                sequence("](", "e", 2, empty, NULL),
                                sequence("](", "e", 2, wild, NULL),
                                sequence("](", "e", 2, much, NULL),
                                sequence("](",
                                         "K\x07"
                                                     "e",
                                         2, two, NULL),
                                sequence("]", "", 0, two, NULL)};
    for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
        check(&form[i], NULL, NULL, true);
        drop(&form[i]);
    }
}

/* A plain dict of tensors says nothing, whatever its keys. */
static void plain_dict(void **state) {
    (void)state;
    bytes b = {0}, file = {0};
    pk_start(&b);
    put_text(&b, "}");
    pk_item(&b, "w", &v);
    attribute(&b, "names", "]");
    put_text(&b, ".");
    put_ckpt(&file, &b, 16, 0);
    gd_ckpt *c = assert_opened(&file, NULL);
    assert_null(gd_ckpt_meta(c, "classes"));
    assert_int_equal(warned(c, 446), 0);
    gd_ckpt_close(c);
    drop(&b);
    drop(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_form), cmocka_unit_test(unusable),
                                       cmocka_unit_test(plain_dict)};
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
