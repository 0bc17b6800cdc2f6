/* checkpoint_test.c -- opening as a whole: NaN, memory that ends, files that change, open
 * handles. */
#include <jansson.h>

#include "tests/gd_meter.h"
#include "tests/weights/import/ckpt_make.h"

#include "engine/mem.h"
#include "weights/import/inspect.h"

static const view four = {"FloatStorage", "0", 4, 0, 1, {4}, {1}};

/* {"w": [a, b, c, d], "n": int64 of the same bits}. */
static bytes with_values(float a, float b, float c, float d) {
    const float w[4] = {a, b, c, d};
    const view  n = {"LongStorage", "1", 2, 0, 1, {2}, {1}};
    const view  tail = {"FloatStorage", "0", 4, 2, 1, {2}, {1}};
    bytes       p = {0}, file = {0};
    pk_start(&p);
    put_text(&p, "}");
    pk_item(&p, "w", &four);
    pk_item(&p, "n", &n);
    pk_item(&p, "tail", &tail);
    put_text(&p, ".");
    entry e[] = {{.name = "a/data.pkl", .data = p.p, .n = p.n},
                 {.name = "a/data/0", .data = w, .n = sizeof w},
                 {.name = "a/data/1", .data = w, .n = sizeof w}};
    put_zip(&file, e, 3);
    drop(&p);
    return file;
}

/* P10. Only tensors that really see the value are named; integers have no NaN. */
static void not_finite(void **state) {
    (void)state;
    bytes    b = with_values(1, __builtin_nanf(""), 3, 4);
    gd_ckpt *c = assert_opened(&b, NULL);
    assert_int_equal(gd_ckpt_warning_count(c), 1);
    assert_int_equal(gd_ckpt_warning_at(c, 0)->code, 441);
    assert_non_null(strstr(gd_ckpt_warning_at(c, 0)->text, "'w': 1 of 4"));
    assert_null(gd_ckpt_warning_at(c, 1));
    gd_ckpt_close(c);
    assert_refused(&b, &(gd_ckpt_options){.strict = true}, 441);
    drop(&b);
    b = with_values(1, 2, 3, 4);
    gd_ckpt_close(assert_opened(&b, &(gd_ckpt_options){.strict = true}));
    drop(&b);
}

/* D3: the file changes between open and read. */
static void changed_file(void **state) {
    (void)state;
    bytes    b = with_values(1, 2, 3, 4);
    gd_error err;
    float    w[4];
    int64_t  n[2];
    gd_ckpt *c = assert_opened(&b, NULL);
    int      fd = open(scratch_file("x.pth"), O_WRONLY);
    for (size_t i = 0; i + 16 < b.n; i++)
        if (memcmp(b.p + i, "\0\0\x80\x3f\0\0\0\x40", 8) == 0)
            assert_int_equal(pwrite(fd, "\1", 1, (off_t)i), 1);
    assert_int_equal(gd_ckpt_read(c, gd_ckpt_find(c, "w"), w, sizeof w, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 405);
    assert_int_equal(ftruncate(fd, 100), 0);
    close(fd);
    assert_int_equal(gd_ckpt_read(c, gd_ckpt_find(c, "n"), n, sizeof n, &err), GD_ERR_FORMAT);
    gd_ckpt_close(c);
    gd_ckpt_close(NULL);
    drop(&b);
}

static int open_files(void) {
    int            n = 0;
    DIR           *d = opendir("/proc/self/fd");
    struct dirent *e;
    while ((e = readdir(d))) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* A7: the n-th request for memory fails, for every n; jansson's requests count too. */
static gd_status open_and_inspect(const char *path, gd_error *err) {
    gd_ckpt  *c = NULL;
    char     *text = NULL;
    gd_status st = gd_ckpt_open(path, &(gd_ckpt_options){.allow_deflate = true}, &c, err);
    if (st == GD_OK) st = gd_inspect_text(c, &text, err);
    gd_mem_put(text);
    text = NULL;
    if (st == GD_OK) st = gd_inspect_json(c, &text, err);
    gd_mem_put(text);
    gd_ckpt_close(c);
    return st;
}

static void memory_ends(void **state) {
    (void)state;
    bytes       b = with_values(1, __builtin_inff(), 3, 4), s = {0};
    const char *header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    const char *index = "{\"weight_map\":{\"a\":\"s.safetensors\"}}";
    char        path[3][512];
    const char *file[3] = {"x.pth", "s.safetensors", "index.json"};
    put_le(&s, strlen(header), 8);
    put_text(&s, header);
    put_le(&s, 0, 4);
    write_bytes(scratch_file("x.pth"), b.p, b.n);
    write_bytes(scratch_file("s.safetensors"), s.p, s.n);
    write_bytes(scratch_file("index.json"), index, strlen(index));
    for (int i = 0; i < 3; i++) strcpy(path[i], scratch_file(file[i]));
    json_set_alloc_funcs(gd_mem_get, gd_mem_put);
    int before = open_files();
    for (int i = 0; i < 3; i++) {
        bool ended = false;
        for (long n = 1; !ended && n < 5000; n++) {
            meter          m = {.fail_at = n};
            const gd_alloc hook = {&m, meter_get, meter_put};
            gd_error       err = {0};
            gd_mem_hook(&hook);
            gd_status st = open_and_inspect(path[i], &err);
            gd_mem_hook(NULL);
            assert_int_equal(m.live, 0);
            /* The text of a warning is the one loss that is not worth failing for. */
            ended = st == GD_OK && m.count < n;
            /* jansson reports some of its own failed requests as a syntax error. */
            if (st != GD_OK && st != GD_ERR_NOMEM && !(i > 0 && st == GD_ERR_FORMAT))
                fail_msg("%s, request %ld: %s", file[i], n, err.msg);
        }
        assert_true(ended);
    }
    json_set_alloc_funcs(malloc, free);
    assert_int_equal(open_files(), before);
    drop(&s);
    drop(&b);
}

static void facts(void **state) {
    (void)state;
    bytes    b = with_values(1, 2, 3, 4);
    gd_error err;
    char     hex[65];
    gd_ckpt *c = assert_opened(&b, NULL);
    assert_string_equal(gd_ckpt_format(c), "zip");
    assert_int_equal(gd_ckpt_file_size(c), b.n);
    assert_int_equal(gd_ckpt_pickle_protocol(c), 2);
    assert_string_equal(gd_ckpt_path(c), scratch_file("x.pth"));
    gd_assert_ok(gd_ckpt_sha256(c, hex, &err), &err);
    assert_int_equal(strlen(hex), 64);
    gd_ckpt_close(c);
    drop(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_finite),
        cmocka_unit_test(changed_file),
        cmocka_unit_test(memory_ends),
        cmocka_unit_test(facts),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
