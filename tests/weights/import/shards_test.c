/* shards_test.c -- an index and its files: agreement, and no way out of the folder. */
#include "tests/weights/import/ckpt_make.h"

static void write_shard(const char *file, const char *name, float v) {
    bytes b = {0};
    char  h[200];
    snprintf(h, sizeof h, "{\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
             name);
    put_le(&b, strlen(h), 8);
    put_text(&b, h);
    put(&b, &v, 4);
    write_bytes(scratch_file(file), b.p, b.n);
    drop(&b);
}

static gd_status open_index(const char *text, gd_ckpt **c, gd_error *err) {
    *err = (gd_error){0};
    write_bytes(scratch_file("index.json"), text, strlen(text));
    return gd_ckpt_open(scratch_file("index.json"), NULL, c, err);
}

static int setup(void **state) {
    (void)state;
    write_shard("one.safetensors", "a", 1);
    write_shard("two.safetensors", "b", 2);
    return 0;
}

static void good(void **state) {
    (void)state;
    gd_error err;
    gd_ckpt *c;
    float    v;
    gd_assert_ok(open_index("{\"metadata\":{\"total_size\":8},\"weight_map\":"
                            "{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}}",
                            &c, &err),
                 &err);
    assert_string_equal(gd_ckpt_format(c), "sharded");
    assert_int_equal(gd_ckpt_count(c), 2);
    gd_assert_ok(gd_ckpt_read_f32(c, gd_ckpt_find(c, "b"), &v, &err), &err);
    assert_true(v == 2);
    gd_assert_ok(gd_ckpt_read_f32(c, gd_ckpt_find(c, "a"), &v, &err), &err);
    assert_true(v == 1);
    gd_ckpt_close(c);
}

/* S7, and every disagreement between the index and the files. */
static void refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int         code;
    } t[] = {
        {"{\"weight_map\":{\"a\":\"../one.safetensors\"}}", 436},
        {"{\"weight_map\":{\"a\":\"/etc/passwd\"}}", 436},
        {"{\"weight_map\":{\"a\":\"..\"}}", 436},
        {"{\"weight_map\":{\"a\":\"\"}}", 436},
        {"{\"weight_map\":{\"a\":\"link.safetensors\"}}", 436},
        {"{\"weight_map\":{\"a\":\"gone.safetensors\"}}", 436},
        {"{\"weight_map\":{\"a\":\"two.safetensors\",\"b\":\"one.safetensors\"}}", 436},
        {"{\"weight_map\":{\"b\":\"one.safetensors\"}}", 436},
        {"{\"weight_map\":{\"a\":\"one.safetensors\",\"c\":\"one.safetensors\"}}", 436},
        {"{\"weight_map\":{\"a\":7}}", 436},
        {"{\"weight_map\":{\"a\":\"one.safetensors\",\"a\":\"one.safetensors\"}}", 401},
        {"{\"weight_map\":[]}", 401},
        {"{\"weight_map\":{}}", 440},
        {"{\"a\":1}", 401},
        {"{", 401},
    };
    gd_error err;
    gd_ckpt *c;
    (void)symlink("one.safetensors", scratch_file("link.safetensors"));
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        print_message("case %zu\n", i);
        assert_int_not_equal(open_index(t[i].text, &c, &err), GD_OK);
        assert_null(c);
        if (err.code != t[i].code) fail_msg("got E%d: %s", err.code, err.msg);
        if (strstr(t[i].text, "link.")) assert_non_null(strstr(err.msg, "symbolic link"));
    }
}

static void nested_bomb(void **state) {
    (void)state;
    bytes    b = {0};
    gd_error err;
    gd_ckpt *c;
    put_text(&b, "{\"a\":");
    for (int i = 0; i < 300000; i++) put_text(&b, "[],");
    write_bytes(scratch_file("index.json"), b.p, b.n);
    assert_int_equal(gd_ckpt_open(scratch_file("index.json"), NULL, &c, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 436);
    drop(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),
        cmocka_unit_test(refused),
        cmocka_unit_test(nested_bomb),
    };
    return cmocka_run_group_tests(tests, setup, remove_scratch);
}
