/* inspect_test.c -- our description of every checkpoint case equals the one PyTorch gave.
 *
 * data/pth-cases/NAME.json was written beside NAME.pth by the program that saved it. Every
 * field of it must be in our JSON with the same value; numbers may differ by 1e-12 of their
 * size. */
#include <jansson.h>
#include <math.h>

#include "tests/weights/import/ckpt_make.h"

#include "engine/mem.h"
#include "weights/import/inspect.h"

static bool equal(const json_t *want, const json_t *got) {
    if (json_is_number(want) && json_is_number(got)) {
        double a = json_number_value(want), b = json_number_value(got);
        return a == b || fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b));
    }
    if (json_is_array(want)) {
        if (!json_is_array(got) || json_array_size(want) != json_array_size(got)) return false;
        for (size_t i = 0; i < json_array_size(want); i++)
            if (!equal(json_array_get(want, i), json_array_get(got, i))) return false;
        return true;
    }
    return json_equal(want, got);
}

/* Every key of `want` but the note of its author. */
static void compare(const char *file, const char *name, json_t *want, const json_t *got) {
    const char *key;
    json_t     *v;
    json_object_foreach(want, key, v) {
        if (strcmp(key, "note") == 0 || strcmp(key, "tensors") == 0) continue;
        if (equal(v, json_object_get(got, key))) continue;
        char *a = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
        char *b =
            json_dumps(json_object_get(got, key), JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
        fail_msg("%s %s %s: %s is wanted, %s was found", file, name, key, a, b ? b : "nothing");
    }
}

static json_t *describe(const char *path) {
    gd_error     err;
    gd_ckpt     *c;
    char        *text;
    json_error_t je;
    gd_assert_ok(gd_ckpt_open(path, NULL, &c, &err), &err);
    gd_assert_ok(gd_inspect_json(c, &text, &err), &err);
    json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, &je);
    if (!j) fail_msg("%s: our own JSON: %s", path, je.text);
    gd_mem_put(text);
    gd_assert_ok(gd_inspect_text(c, &text, &err), &err);
    gd_mem_put(text);
    gd_ckpt_close(c);
    return j;
}

static void cases(void **state) {
    (void)state;
    char           folder[512], path[1024];
    struct dirent *e;
    int            n = 0;
    snprintf(folder, sizeof folder, "%s/pth-cases", GD_TEST_DATA);
    DIR *d = opendir(folder);
    assert_non_null(d);
    while ((e = readdir(d))) {
        size_t len = strlen(e->d_name);
        if (len < 9 || (strcmp(e->d_name + len - 9, ".zip.json") != 0 &&
                        (len < 12 || strcmp(e->d_name + len - 12, ".legacy.json") != 0)))
            continue;
        json_error_t je;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        json_t *want = json_load_file(path, 0, &je);
        assert_non_null(want);
        strcpy(path + strlen(path) - 4, "pth");
        json_t *got = describe(path);
        compare(e->d_name, "", want, got);
        json_t *a = json_object_get(want, "tensors"), *b = json_object_get(got, "tensors");
        assert_int_equal(json_array_size(a), json_array_size(b));
        for (size_t i = 0; i < json_array_size(a); i++)
            compare(e->d_name, json_string_value(json_object_get(json_array_get(a, i), "name")),
                    json_array_get(a, i), json_array_get(b, i));
        json_decref(want);
        json_decref(got);
        n++;
    }
    closedir(d);
    print_message("%d cases compared\n", n);
    assert_int_equal(n, 40);
}

/* The four files that must not open, or must not run what they ask for. */
static void bad_cases(void **state) {
    (void)state;
    static const struct {
        const char *file;
        int         code;
    } t[] = {{"bad_empty.pth", 401}, {"bad_trunc.legacy.pth", 422}, {"bad_trunc.zip.pth", 402}};
    char     path[512];
    gd_error err;
    gd_ckpt *c;
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/pth-cases/%s", GD_TEST_DATA, t[i].file);
        assert_int_equal(gd_ckpt_open(path, NULL, &c, &err), GD_ERR_FORMAT);
        assert_int_equal(err.code, t[i].code);
    }
    snprintf(path, sizeof path, "%s/pth-cases/bad_reduce_call.zip.pth", GD_TEST_DATA);
    gd_assert_ok(gd_ckpt_open(path, NULL, &c, &err), &err);
    assert_true(warned(c, 414));
    gd_ckpt_close(c);
}

/* A file name and values that JSON cannot hold. */
static void odd_values(void **state) {
    (void)state;
    bytes        b = {0}, p = {0};
    const float  w[4] = {1, __builtin_nanf(""), __builtin_inff(), 4};
    const view   v = {"FloatStorage", "0", 4, 0, 1, {4}, {1}};
    gd_error     err;
    gd_ckpt     *c;
    char        *text;
    json_error_t je;
    pk_start(&p);
    put_text(&p, "}");
    pk_item(&p, "w\"\\<", &v);
    put_text(&p, ".");
    entry e[] = {{.name = "a/data.pkl", .data = p.p, .n = p.n},
                 {.name = "a/data/0", .data = w, .n = sizeof w}};
    put_zip(&b, e, 2);
    write_bytes(scratch_file("\xff.pth"), b.p, b.n);
    gd_assert_ok(gd_ckpt_open(scratch_file("\xff.pth"), NULL, &c, &err), &err);
    gd_assert_ok(gd_inspect_json(c, &text, &err), &err);
    json_t *j = json_loads(text, 0, &je);
    assert_non_null(j);
    json_t *t = json_array_get(json_object_get(j, "tensors"), 0);
    assert_true(json_is_null(json_object_get(t, "sum")));
    assert_string_equal(json_string_value(json_object_get(t, "weight")), "w\"\\<");
    assert_string_equal(json_string_value(json_object_get(j, "file")), "?");
    json_decref(j);
    gd_mem_put(text);
    gd_ckpt_close(c);
    drop(&p);
    drop(&b);
}

int main(void) {
    char path[512];
    snprintf(path, sizeof path, "%s/pth-cases/manifest.json", GD_TEST_DATA);
    if (access(path, R_OK) != 0) {
        printf("skipped: %s is absent\n", path);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases),
        cmocka_unit_test(bad_cases),
        cmocka_unit_test(odd_values),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
