/* torch_legacy_test.c -- the layout before PyTorch 1.6, which has no checksum: sizes must
 * agree. */
#include "tests/weights/import/ckpt_make.h"

typedef struct legacy {
    int64_t     layout, protocol, numel0, numel1;
    const char *order; /* opcode of little_endian */
    const char *keys;  /* pickle of the list of keys */
    size_t      cut;   /* bytes dropped at the end */
    const char *more;
} legacy;

static const legacy good = {1001, 1001, 4, 3, "\x88", "](X\1\0\0\0", 0, ""};

static bytes make(const legacy *l) {
    static const float  w[4] = {1, 2, 3, 4};
    static const double d[3] = {5, 6, 7};
    const view          v0 = {"FloatStorage", "0", 4, 0, 2, {2, 2}, {1, 2}};
    const view          v1 = {"DoubleStorage", "1", 3, 1, 1, {2}, {1}};
    bytes               b = {0};
    put(&b, "\x80\2\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
    pk_start(&b);
    pk_int(&b, l->layout);
    put_text(&b, ".");
    pk_start(&b);
    put_text(&b, "}(");
    pk_str(&b, "protocol_version");
    pk_int(&b, l->protocol);
    pk_str(&b, "little_endian");
    put_text(&b, l->order);
    put_text(&b, "u.");
    pk_start(&b);
    put_text(&b, "}");
    pk_item(&b, "a", &v0);
    pk_item(&b, "b", &v1);
    put_text(&b, ".");
    pk_start(&b);
    if (l->keys == good.keys) {
        put_text(&b, "](");
        pk_str(&b, "1");
        pk_str(&b, "0");
        put_text(&b, "e.");
    } else {
        put_text(&b, l->keys);
    }
    put_le(&b, (uint64_t)l->numel1, 8);
    put(&b, d, sizeof d);
    put_le(&b, (uint64_t)l->numel0, 8);
    put(&b, w, sizeof w);
    b.n -= l->cut;
    put_text(&b, l->more);
    return b;
}

static void right(void **state) {
    (void)state;
    bytes    b = make(&good);
    gd_error err;
    float    w[4], d[2];
    gd_ckpt *c = assert_opened(&b, NULL);
    assert_string_equal(gd_ckpt_format(c), "legacy");
    gd_assert_ok(gd_ckpt_read_f32(c, gd_ckpt_find(c, "a"), w, &err), &err);
    gd_assert_ok(gd_ckpt_read_f32(c, gd_ckpt_find(c, "b"), d, &err), &err);
    static const float transposed[4] = {1, 3, 2, 4};
    assert_memory_equal(w, transposed, sizeof w);
    assert_true(d[0] == 6 && d[1] == 7);
    gd_ckpt_close(c);
    drop(&b);
}

/* Y1. */
static void wrong(void **state) {
    (void)state;
    legacy t[15];
    int    code[15];
    for (int i = 0; i < 15; i++) t[i] = good;
    t[0].layout = 1002, code[0] = 420;
    t[1].protocol = 1000, code[1] = 420;
    t[2].order = "\x89", code[2] = 416;
    t[3].order = "N", code[3] = 420;
    t[4].numel0 = 5, code[4] = 422;
    t[14].numel0 = 3, code[14] = 422;
    t[5].numel1 = -1, code[5] = 422;
    t[6].numel0 = INT64_MAX, code[6] = 422;
    t[7].cut = 1, code[7] = 422;
    t[8].more = "x", code[8] = 420;
    t[9].keys = "]q\1.", code[9] = 420;
    t[10].keys = "N.", code[10] = 420;
    t[11].keys = "](K\1K\2e.", code[11] = 420;
    t[12].keys = "](U\0011U\0011e.", code[12] = 420; /* one key twice */
    t[13].keys = "](U\0011U\0012e.", code[13] = 420; /* an unknown key */
    for (int i = 0; i < 15; i++) {
        bytes b = make(&t[i]);
        print_message("case %d\n", i);
        assert_refused(&b, NULL, code[i]);
        drop(&b);
    }
}

/* Y1: cut at every length. */
static void cut(void **state) {
    (void)state;
    bytes b = make(&good);
    for (size_t n = 0; n < b.n; n++) {
        bytes     part = {b.p, n, n};
        gd_error  err;
        gd_ckpt  *c;
        gd_status st = open_bytes(&part, NULL, &c, &err);
        assert_int_not_equal(st, GD_OK);
        assert_null(c);
    }
    drop(&b);
}

/* A pickle larger than the first window: the reader looks further. */
static void long_pickle(void **state) {
    (void)state;
    bytes       b = {0};
    const view  v0 = {"FloatStorage", "0", 1, 0, 1, {1}, {1}};
    static char text[200001];
    memset(text, 'x', 200000);
    put(&b, "\x80\2\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3.\x80\2}(", 25);
    pk_str(&b, "protocol_version");
    pk_int(&b, 1001);
    pk_str(&b, "little_endian");
    put(&b, "\x88u.\x80\2}", 6);
    pk_str(&b, "note");
    pk_str(&b, text);
    put_text(&b, "s");
    pk_item(&b, "a", &v0);
    put(&b, ".\x80\2](", 5);
    pk_str(&b, "0");
    put_text(&b, "e.");
    put_le(&b, 1, 8);
    put_le(&b, 0x3f800000, 4);
    gd_ckpt *c = assert_opened(&b, NULL);
    assert_int_equal(gd_ckpt_count(c), 1);
    gd_ckpt_close(c);
    drop(&b);
}

/* Y2. */
static void tar(void **state) {
    (void)state;
    bytes         b = {0};
    unsigned char block[512] = "pickle";
    memcpy(block + 257, "ustar", 5);
    put(&b, block, sizeof block);
    gd_error err;
    gd_ckpt *c;
    assert_int_equal(open_bytes(&b, NULL, &c, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 401);
    assert_non_null(strstr(err.msg, "tar archive"));
    drop(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right),       cmocka_unit_test(wrong), cmocka_unit_test(cut),
        cmocka_unit_test(long_pickle), cmocka_unit_test(tar),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
