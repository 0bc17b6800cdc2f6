/* torch_choose_test.c -- P11: which dict of a trainer's checkpoint is the weights, and their
 * names. */
#include "tests/weights/import/ckpt_make.h"

static const view v = {"FloatStorage", "0", 4, 0, 1, {4}, {1}};

/* "path|path|...": each path is keys joined by '/', ending in a tensor; shared prefixes must be
 * adjacent. A dict is closed when a path leaves it. */
static bytes tree(const char *paths) {
    bytes b = {0}, file = {0};
    char  open[8][64] = {{0}};
    int   depth = 0;
    pk_start(&b);
    put_text(&b, "}");
    while (*paths) {
        char key[8][64];
        int  n = 0;
        for (;;) {
            size_t len = strcspn(paths, "/|");
            snprintf(key[n++], 64, "%.*s", (int)len, paths);
            paths += len;
            if (*paths != '/') break;
            paths++;
        }
        if (*paths) paths++;
        int same = 0;
        while (same < depth && same < n - 1 && strcmp(open[same], key[same]) == 0) same++;
        for (; depth > same; depth--) put_text(&b, "s");
        for (; depth < n - 1; depth++) {
            strcpy(open[depth], key[depth]);
            pk_str(&b, key[depth]);
            put_text(&b, "}");
        }
        if (strcmp(key[n - 1], "None") == 0) {
            pk_str(&b, key[n - 1]);
            put_text(&b, "Ns");
        } else {
            pk_item(&b, key[n - 1], &v);
        }
    }
    for (; depth > 0; depth--) put_text(&b, "s");
    put_text(&b, ".");
    put_ckpt(&file, &b, 16, 0);
    drop(&b);
    return file;
}

typedef struct row {
    const char *paths, *key, *prefix, *first;
    int         count, code; /* warning expected, or 0 */
} row;

static void chosen(void **state) {
    (void)state;
    static const row t[] = {
        {"a.w|a.b", NULL, "", "a.w", 2, 0},
        {"module.a.w|module.a.b", NULL, "module.", "a.w", 2, 0},
        {"module._orig_mod.a|module._orig_mod.b", NULL, "module._orig_mod.", "a", 2, 0},
        {"module.a|b", NULL, "", "module.a", 2, 0},
        {"epoch/None|state_dict/module.a|optimizer/state/m", NULL, "state_dict.module.", "a", 1,
         0},
        {"best|state_dict/a", NULL, "state_dict.", "a", 1, 0},
        {"model/a|model/b|optim/m", NULL, "model.", "a", 2, 0},
        {"model_state_dict/a|optimizer_state_dict/m", NULL, "model_state_dict.", "a", 1, 0},
        {"state_dict/model/a|state_dict/model/b", NULL, "state_dict.model.", "a", 2, 0},
        {"model/a|model/b|ema/a|ema/b", NULL, "ema.", "a", 2, 442},
        {"model/a|model/b|ema/b", NULL, "model.", "a", 2, 442},
        {"model/a|model_ema/n_averaged|model_ema/module.a", NULL, "model_ema.module.", "a", 1,
         442},
        {"ema/a|ema/b", NULL, "ema.", "a", 2, 0},
        {"odd/a|odd/b|other/c", NULL, "odd.", "a", 2, 442},
        {"odd/a|odd/b|c", NULL, "", "odd.a", 3, 0},
        {"model/a|ema/a", "model", "model.", "a", 1, 0},
        {"odd/a|model/b", "odd", "odd.", "a", 1, 0},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        bytes                 b = tree(t[i].paths);
        const gd_ckpt_options opt = {.state_key = t[i].key};
        print_message("case %zu: %s\n", i, t[i].paths);
        gd_ckpt *c = assert_opened(&b, &opt);
        assert_string_equal(gd_ckpt_prefix(c), t[i].prefix);
        assert_int_equal(gd_ckpt_count(c), t[i].count);
        assert_string_equal(gd_ckpt_at(c, 0)->name, t[i].first);
        assert_int_equal(warned(c, 442), t[i].code != 0);
        assert_ptr_equal(gd_ckpt_find(c, t[i].first), gd_ckpt_at(c, 0));
        assert_null(gd_ckpt_find(c, "nothing of this name"));
        gd_ckpt_close(c);
        drop(&b);
    }
    bytes b = tree("model/a");
    assert_refused(&b, &(gd_ckpt_options){.state_key = "ema"}, 444);
    drop(&b);
}

/* Every tensor stays in view, whatever was chosen. */
static void all_tensors(void **state) {
    (void)state;
    bytes    b = tree("best|state_dict/module.a|optimizer/state/m");
    gd_ckpt *c = assert_opened(&b, NULL);
    assert_int_equal(gd_ckpt_all_count(c), 3);
    assert_string_equal(gd_ckpt_all_at(c, 1)->path, "state_dict.module.a");
    assert_true(gd_ckpt_all_at(c, 1)->state);
    assert_false(gd_ckpt_all_at(c, 0)->state);
    assert_string_equal(gd_ckpt_all_at(c, 2)->name, "optimizer.state.m");
    gd_ckpt_close(c);
    drop(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen),
        cmocka_unit_test(all_tensors),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
