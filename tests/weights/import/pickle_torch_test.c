/* pickle_torch_test.c -- what names stand for: nothing is called, and only containers take
 * items. */
#include "tests/weights/import/ckpt_make.h"

#include "weights/import/pickle.h"

static gd_status run(gd_pickle *p, const bytes *b, gd_error *err) {
    *p = (gd_pickle){0};
    *err = (gd_error){0};
    return gd_pickle_run(p, b->p, b->n, 0, "test", err);
}

static void refuse(const bytes *b, int code) {
    gd_pickle p;
    gd_error  err;
    gd_status st = run(&p, b, &err);
    gd_pickle_free(&p);
    if (st == GD_OK || err.code != code)
        fail_msg("E%d was expected, got E%d: %s", code, err.code, err.msg);
}

/* P1: the classic weapons are strings with arguments, and named in a warning. */
static void code_is_inert(void **state) {
    (void)state;
    bytes      b = {0};
    const view v = {"FloatStorage", "0", 4, 0, 1, {4}, {1}};
    pk_start(&b);
    put_text(&b, "}");
    pk_str(&b, "x");
    pk_global(&b, "os", "system");
    put_text(&b, "(");
    pk_str(&b, "touch /tmp/gd_ckpt_was_here");
    put_text(&b, "tRs");
    pk_str(&b, "y");
    pk_global(&b, "builtins", "eval");
    put_text(&b, "(");
    pk_global(&b, "pkgutil", "resolve_name");
    put_text(&b, "(");
    pk_str(&b, "os:system");
    put_text(&b, "tRtRs");
    /* STACK_GLOBAL of two strings from the memo, then NEWOBJ_EX and BUILD. */
    pk_str(&b, "subprocess");
    put_text(&b, "q\7");
    put_text(&b, "0");
    pk_str(&b, "z");
    put_text(&b, "h\7");
    pk_str(&b, "Popen");
    put(&b, "\x93)}\x92}bs", 7);
    pk_item(&b, "w", &v);
    put_text(&b, ".");
    gd_ckpt *c = NULL;
    bytes    file = {0};
    put_ckpt(&file, &b, 16, 0);
    unlink("/tmp/gd_ckpt_was_here");
    c = assert_opened(&file, NULL);
    assert_int_equal(gd_ckpt_count(c), 1);
    assert_true(warned(c, 414));
    for (int i = 0; i < gd_ckpt_warning_count(c); i++)
        if (gd_ckpt_warning_at(c, i)->code == 414) {
            const char *text = gd_ckpt_warning_at(c, i)->text;
            assert_non_null(strstr(text, "os.system"));
            assert_non_null(strstr(text, "builtins.eval"));
            assert_non_null(strstr(text, "pkgutil.resolve_name"));
            assert_non_null(strstr(text, "subprocess.Popen"));
        }
    assert_int_not_equal(access("/tmp/gd_ckpt_was_here", F_OK), 0);
    gd_ckpt_close(c);
    drop(&file);
    drop(&b);
}

/* P6: items and attributes for values that have none. */
static void items_for_the_wrong_value(void **state) {
    (void)state;
    static const char *const target[] = {"K\1", ")", "N", "X\1\0\0\0a", "G12345678"};
    static const char *const op[] = {"K\1a", "(K\1e", "K\1K\2s", "(K\1K\2u", "(K\1\x90", "}b"};
    static const size_t      n_target[] = {2, 1, 1, 6, 9};
    const view               v = {"FloatStorage", "0", 4, 0, 1, {4}, {1}};
    for (int t = -2; t < 5; t++)
        for (size_t o = 0; o < 6; o++) {
            bytes b = {0};
            pk_start(&b);
            if (t == -2)
                pk_tensor(&b, &v);
            else if (t == -1)
                pk_storage(&b, "FloatStorage", "0", 4);
            else
                put(&b, target[t], n_target[t]);
            put_text(&b, op[o]);
            put_text(&b, ".");
            refuse(&b, 411);
            drop(&b);
        }
    /* Containers take their own kind only. */
    static const char *const wrong[] = {
        "]K\1K\2s.", "}K\1a.",  "](K\1\x90.",         "\x8fK\1a.",       "]}b.",
        "\x8f}b.",   "}(K\1e.", "cos\nsystem\nK\1a.", "cos\nsystem\n}b."};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bytes b = {0};
        put_text(&b, wrong[i]);
        refuse(&b, 411);
        drop(&b);
    }
}

/* REDUCE of things that are no names, with arguments that are no tuple. */
static void odd_calls(void **state) {
    (void)state;
    static const char *const wrong[] = {"K\1)R.",           "])R.",
                                        "X\1\0\0\0a)R.",    "cos\nsystem\nK\1R.",
                                        "cos\nsystem\n]R.", "cos\nsystem\nN\x81."};
    static const size_t      n[] = {5, 4, 10, 14, 13, 13};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bytes b = {0};
        if (n[i] == 10)
            put(&b, "X\1\0\0\0a)R.", 9);
        else
            put_text(&b, wrong[i]);
        refuse(&b, 411);
        drop(&b);
    }
}

/* Storages and tensors with parts of the wrong kind. */
static void malformed_tensors(void **state) {
    (void)state;
    static const char rebuild[] = "ctorch._utils\n_rebuild_tensor_v2\n";
    bytes             s = {0};
    pk_storage(&s, "FloatStorage", "0", 4);
    for (int k = 0; k < 6; k++) {
        bytes b = {0};
        put_text(&b, rebuild);
        put_text(&b, "(");
        if (k == 0)
            put_text(&b, "N");
        else
            put(&b, s.p, s.n);
        if (k == 1)
            put_text(&b, "N");
        else
            pk_int(&b, 0);
        if (k == 2)
            put_text(&b, "K\4");
        else if (k == 3)
            put_text(&b, "(Nt");
        else
            put_text(&b, "(K\4t");
        if (k == 4)
            put_text(&b, ")");
        else if (k == 5)
            put_text(&b, "(NK\1t");
        else
            put_text(&b, "(K\1t");
        put_text(&b, "NNtR.");
        print_message("case %d\n", k);
        refuse(&b, 411);
        drop(&b);
    }
    /* Nine dimensions. */
    bytes      b = {0};
    const view nine = {
        "FloatStorage", "0", 1, 0, 9, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1, 1, 1, 1}};
    pk_tensor(&b, &nine);
    put_text(&b, ".");
    refuse(&b, 445);
    /* Unknown element types, and one that is not torch's. */
    b.n = 0;
    pk_storage(&b, "QUInt4x2Storage", "0", 4);
    put_text(&b, ".");
    refuse(&b, 418);
    b.n = 0;
    put_text(&b, "(");
    pk_str(&b, "storage");
    put_text(&b, "NNNNtQ.");
    refuse(&b, 411);
    drop(&b);
    drop(&s);
}

static void storage_parts(void **state) {
    (void)state;
    static const int64_t views[][3] = {{0, 4, 1},
                                       {4, 0, 1},
                                       {1, 4, 0},
                                       {-1, 2, 0},
                                       {0, -1, 0},
                                       {5, 0, 0},
                                       {INT64_MAX, INT64_MAX, 0}};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        bytes     b = {0};
        gd_pickle p;
        gd_error  err;
        put_text(&b, "(");
        pk_str(&b, "storage");
        pk_global(&b, "torch", "FloatStorage");
        pk_str(&b, "k");
        pk_str(&b, "cpu");
        pk_int(&b, 4);
        put_text(&b, "(");
        pk_str(&b, "v");
        pk_int(&b, views[i][0]);
        pk_int(&b, views[i][1]);
        put_text(&b, "ttQ.");
        gd_status st = run(&p, &b, &err);
        assert_int_equal(st == GD_OK, views[i][2]);
        gd_pickle_free(&p);
        drop(&b);
    }
    /* A negative size, a key that is a number. */
    bytes b = {0};
    pk_storage(&b, "FloatStorage", "0", -4);
    put_text(&b, ".");
    refuse(&b, 411);
    drop(&b);
}

/* Every way torch writes a tensor gives the same node; an OrderedDict of pairs is a dict. */
static void ways_to_write(void **state) {
    (void)state;
    static const char *const before[] = {
        "ctorch._utils\n_rebuild_tensor\n(", "ctorch._utils\n_rebuild_tensor_v2\n(",
        "ctorch._utils\n_rebuild_tensor_v3\n(", "ctorch._utils\n_rebuild_qtensor\n(",
        ("ctorch._tensor\n_rebuild_from_type_v2\n("
         "ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n(")};
    static const char *const   after[] = {"tR.", "\x89NtR.", "\x89Nctorch\nuint16\ntR.",
                                          "N\x89NtR.", "\x89Nt}tR."};
    static const gd_ckpt_dtype type[] = {GD_CKPT_F32, GD_CKPT_F32, GD_CKPT_U16, GD_CKPT_F32,
                                         GD_CKPT_F32};
    for (int k = 0; k < 5; k++) {
        bytes     b = {0};
        gd_pickle p;
        gd_error  err;
        put_text(&b, before[k]);
        pk_storage(&b, "FloatStorage", "0", 4);
        put_text(&b, "K\1(K\3t(K\1t");
        put_text(&b, after[k]);
        gd_assert_ok(run(&p, &b, &err), &err);
        const gd_pnode *t = gd_pickle_at(&p, p.root);
        assert_int_equal(t->kind, GD_P_TENSOR);
        assert_int_equal(t->tensor->dtype, type[k]);
        assert_int_equal(t->tensor->offset, 1);
        assert_int_equal(t->tensor->dim[0], 3);
        gd_pickle_free(&p);
        drop(&b);
    }
    bytes     b = {0};
    gd_pickle p;
    gd_error  err;
    put_text(&b, "ccollections\nOrderedDict\n(](](");
    pk_str(&b, "k");
    put_text(&b, "K\7e](");
    pk_str(&b, "m");
    put_text(&b, "K\10eetR(K\1K\2u.");
    gd_assert_ok(run(&p, &b, &err), &err);
    assert_int_equal(gd_pickle_at(&p, p.root)->kind, GD_P_DICT);
    assert_int_equal(gd_pickle_at(&p, p.root)->n, 3);
    assert_int_equal(gd_pickle_at(&p, gd_pickle_get(&p, p.root, "m"))->i, 8);
    gd_pickle_free(&p);
    drop(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_is_inert), cmocka_unit_test(items_for_the_wrong_value),
        cmocka_unit_test(odd_calls),     cmocka_unit_test(malformed_tensors),
        cmocka_unit_test(storage_parts), cmocka_unit_test(ways_to_write),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
