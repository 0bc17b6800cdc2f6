/* torch_test.c -- walking values to tensors: views against storages, paths, modules, bombs. */
#include "tests/weights/import/ckpt_make.h"

static bytes one_tensor(const view *v) {
    bytes b = {0}, file = {0};
    pk_start(&b);
    put_text(&b, "}");
    pk_item(&b, "w", v);
    put_text(&b, ".");
    put_ckpt(&file, &b, 48, 0);
    drop(&b);
    return file;
}

/* P7: by hand. Storage "0" has 12 floats. */
static void view_bounds(void **state) {
    (void)state;
    static const struct {
        view v;
        int  code; /* 0: accepted */
    } t[] = {
        {{"FloatStorage", "0", 12, 0, 1, {12}, {1}}, 0},
        {{"FloatStorage", "0", 12, 0, 0, {0}, {0}}, 0},
        {{"FloatStorage", "0", 12, 11, 0, {0}, {0}}, 0},
        {{"FloatStorage", "0", 12, 12, 0, {0}, {0}}, 417},
        {{"FloatStorage", "0", 12, 1, 1, {12}, {1}}, 417},
        {{"FloatStorage", "0", 12, -1, 1, {2}, {1}}, 417},
        {{"FloatStorage", "0", 12, 0, 1, {-1}, {1}}, 417},
        {{"FloatStorage", "0", 12, 0, 1, {2}, {-1}}, 417},
        {{"FloatStorage", "0", 12, 0, 2, {3, 4}, {1, 3}}, 0},
        {{"FloatStorage", "0", 12, 1, 2, {3, 4}, {1, 3}}, 417},
        {{"FloatStorage", "0", 12, 0, 2, {5, 12}, {0, 1}}, 0},
        {{"FloatStorage", "0", 12, 0, 1, {0}, {1}}, 0},
        {{"FloatStorage", "0", 12, 500, 2, {0, 7}, {7, 1}}, 0},
        {{"FloatStorage", "0", 12, 0, 1, {1LL << 31}, {0}}, 417},
        {{"FloatStorage", "0", 12, 0, 2, {INT32_MAX, INT32_MAX}, {0, 0}}, 445},
        {{"FloatStorage", "0", 12, 0, 3, {INT32_MAX, INT32_MAX, INT32_MAX}, {0, 0, 0}}, 417},
        {{"FloatStorage", "0", 12, 0, 3, {4194305, 4194305, 65536}, {1, 1, 1}}, 417},
        {{"FloatStorage", "0", 12, 0, 2, {2, 2}, {INT64_MAX, INT64_MAX}}, 417},
        {{"FloatStorage", "0", 12, INT64_MAX, 1, {2}, {1}}, 417},
        {{"FloatStorage", "0", 12, 0, 1, {100000000}, {0}}, 445},
        /* W12: the record has another size than the storage. */
        {{"FloatStorage", "0", 11, 0, 1, {11}, {1}}, 408},
        {{"FloatStorage", "0", 13, 0, 1, {12}, {1}}, 408},
        {{"DoubleStorage", "0", 12, 0, 1, {6}, {1}}, 408},
        {{"FloatStorage", "0", INT64_MAX, 0, 1, {6}, {1}}, 417},
        /* W13: no such record. */
        {{"FloatStorage", "7", 12, 0, 1, {12}, {1}}, 408},
        {{"FloatStorage", "../0", 12, 0, 1, {12}, {1}}, 408},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        bytes b = one_tensor(&t[i].v);
        print_message("case %zu\n", i);
        if (t[i].code)
            assert_refused(&b, NULL, t[i].code);
        else
            gd_ckpt_close(assert_opened(&b, NULL));
        drop(&b);
    }
}

/* P7: 10,000 random views. Those accepted are read; the sanitizer watches. */
static void random_views(void **state) {
    (void)state;
    uint64_t seed = 7;
    int      accepted = 0;
    for (int n = 0; n < 10000; n++) {
        view v = {"FloatStorage", "0", 12, 0, 0, {0}, {0}};
        for (int d = 0; d < 3; d++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint64_t r = seed >> 33;
            v.ndim = (int)(r % 4);
            v.offset = (int64_t)(r >> 4 & 15) - 1;
            v.dim[d] = r & 1u << 20 ? (int64_t)(seed >> 8) : (int64_t)(r >> 8 & 7) - 1;
            v.stride[d] = r & 1u << 21 ? (int64_t)(seed >> 3) : (int64_t)(r >> 12 & 7) - 1;
        }
        bytes     b = one_tensor(&v);
        gd_error  err;
        gd_ckpt  *c;
        gd_status st = open_bytes(&b, NULL, &c, &err);
        if (st == GD_OK) {
            const gd_ckpt_tensor *t = gd_ckpt_at(c, 0);
            unsigned char        *p = malloc(gd_ckpt_bytes(t) + 1);
            assert_non_null(p);
            gd_assert_ok(gd_ckpt_read(c, t, p, gd_ckpt_bytes(t), &err), &err);
            free(p);
            accepted++;
        } else {
            assert_int_equal(st, GD_ERR_FORMAT);
        }
        gd_ckpt_close(c);
        drop(&b);
    }
    assert_in_range(accepted, 300, 9700);
}

/* A dict in a list in a dict; keys that are numbers; values that contain themselves. */
static void paths(void **state) {
    (void)state;
    bytes      b = {0}, file = {0};
    const view v = {"FloatStorage", "0", 12, 0, 1, {12}, {1}};
    pk_start(&b);
    put_text(&b, "}q\1");
    pk_str(&b, "outer");
    put_text(&b, "]q\2}K\5");
    pk_tensor(&b, &v);
    put_text(&b, "sa(");
    pk_tensor(&b, &v);
    put_text(&b, "tah\2as");
    pk_str(&b, "self");
    put_text(&b, "h\1s");
    pk_str(&b, "same");
    pk_tensor(&b, &v);
    put_text(&b, "s.");
    put_ckpt(&file, &b, 48, 0);
    gd_ckpt                 *c = assert_opened(&file, NULL);
    static const char *const want[] = {"outer.0.5", "outer.1.0", "same"};
    assert_int_equal(gd_ckpt_all_count(c), 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(gd_ckpt_all_at(c, i)->path, want[i]);
        assert_int_equal(gd_ckpt_all_at(c, i)->storage, 0);
    }
    assert_int_equal(gd_ckpt_top_count(c), 3);
    assert_string_equal(gd_ckpt_top(c, 1), "self");
    assert_null(gd_ckpt_top(c, 3));
    gd_ckpt_close(c);
    drop(&file);
    drop(&b);
}

/* A pickled module: parameters, persistent buffers and children, under the names of
 * state_dict(). Attributes that are tensors but no state are left out, as state_dict() leaves
 * them out. */
static void put_module(bytes *b, bool child, const view *v) {
    pk_global(b, "my.models", "Net");
    put(b, ")\x81}", 3);
    pk_item(b, "loose", v);
    pk_str(b, "_parameters");
    put_text(b, "}");
    pk_item(b, "weight", v);
    pk_str(b, "bias");
    put_text(b, "Nss");
    pk_str(b, "_buffers");
    put_text(b, "}");
    pk_item(b, "mean", v);
    pk_item(b, "cache", v);
    put_text(b, "s");
    pk_str(b, "_non_persistent_buffers_set");
    put(b, "\x8f(", 2);
    pk_str(b, "cache");
    put(b, "\x90s", 2);
    pk_str(b, "_modules");
    put_text(b, "}");
    if (child) {
        pk_str(b, "body");
        put_module(b, false, v);
        put_text(b, "s");
    }
    put_text(b, "sb");
}

static void modules(void **state) {
    (void)state;
    bytes      b = {0}, file = {0};
    const view v = {"FloatStorage", "0", 12, 0, 1, {12}, {1}};
    pk_start(&b);
    put_module(&b, true, &v);
    put_text(&b, ".");
    put_ckpt(&file, &b, 48, 0);
    gd_ckpt                 *c = assert_opened(&file, NULL);
    static const char *const want[] = {"weight", "mean", "body.weight", "body.mean"};
    assert_int_equal(gd_ckpt_count(c), 4);
    for (int i = 0; i < 4; i++) assert_string_equal(gd_ckpt_at(c, i)->name, want[i]);
    assert_string_equal(gd_ckpt_top_type(c), "Net");
    assert_int_equal(gd_ckpt_top_count(c), -1);
    gd_ckpt_close(c);
    drop(&file);
    drop(&b);
}

static void memo(bytes *b, char op, int i) {
    put(b, &op, 1);
    put_le(b, (uint64_t)i, 1);
}

/* P4: 2^40 paths in 200 bytes; a million lists inside each other. */
static void bombs(void **state) {
    (void)state;
    bytes b = {0}, file = {0};
    pk_start(&b);
    put_text(&b, "]");
    memo(&b, 'q', 0);
    for (int i = 0; i < 40; i++) {
        put_text(&b, "0]");
        memo(&b, 'q', i + 1);
        put_text(&b, "(");
        memo(&b, 'h', i);
        memo(&b, 'h', i);
        put_text(&b, "e");
    }
    put_text(&b, ".");
    put_ckpt(&file, &b, 48, 0);
    assert_refused(&file, NULL, 412);
    b.n = 0;
    for (int i = 0; i < 500000; i++) put_text(&b, "]");
    for (int i = 0; i < 499999; i++) put_text(&b, "a");
    put_text(&b, ".");
    file.n = 0;
    put_ckpt(&file, &b, 48, 0);
    assert_refused(&file, NULL, 412);
    drop(&file);
    drop(&b);
}

/* Names: 300 bytes, control characters, not UTF-8. */
static void bad_names(void **state) {
    (void)state;
    char long_name[301];
    memset(long_name, 'n', 300);
    long_name[300] = 0;
    const char *const name[] = {long_name, "a\nb", "a\x7f", "\xff\xfe", "\xed\xa0\x80"};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        bytes      b = {0}, file = {0};
        const view v = {"FloatStorage", "0", 12, 0, 1, {12}, {1}};
        pk_start(&b);
        put_text(&b, "}");
        pk_item(&b, name[i], &v);
        put_text(&b, ".");
        put_ckpt(&file, &b, 48, 0);
        assert_refused(&file, NULL, 445);
        drop(&file);
        drop(&b);
    }
}

/* The same key with two sizes is a contradiction. */
static void storage_twice(void **state) {
    (void)state;
    bytes      b = {0}, file = {0};
    const view v = {"FloatStorage", "0", 12, 0, 1, {12}, {1}};
    const view w = {"FloatStorage", "0", 11, 0, 1, {11}, {1}};
    pk_start(&b);
    put_text(&b, "}");
    pk_item(&b, "v", &v);
    pk_item(&b, "w", &w);
    put_text(&b, ".");
    put_ckpt(&file, &b, 48, 0);
    assert_refused(&file, NULL, 417);
    drop(&file);
    drop(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(view_bounds),   cmocka_unit_test(random_views),
        cmocka_unit_test(paths),         cmocka_unit_test(modules),
        cmocka_unit_test(bombs),         cmocka_unit_test(bad_names),
        cmocka_unit_test(storage_twice),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
