/* safetensors_test.c -- headers that lie, offsets that overlap, types that are not read. */
#include "tests/weights/import/ckpt_make.h"

static bytes make(const char *header, size_t data) {
    bytes b = {0};
    put_le(&b, strlen(header), 8);
    put_text(&b, header);
    for (size_t i = 0; i < data; i++) put_le(&b, i, 1);
    return b;
}

static const char two[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
                          "\"b\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[16,22]},"
                          "\"__metadata__\":{\"format\":\"pt\"}}   ";

static void good(void **state) {
    (void)state;
    bytes    b = make(two, 22);
    gd_error err;
    uint16_t v[3];
    gd_ckpt *c = assert_opened(&b, NULL);
    assert_string_equal(gd_ckpt_format(c), "safetensors");
    assert_int_equal(gd_ckpt_count(c), 2);
    const gd_ckpt_tensor *t = gd_ckpt_find(c, "b");
    assert_int_equal(t->dtype, GD_CKPT_BF16);
    gd_assert_ok(gd_ckpt_read(c, t, v, sizeof v, &err), &err);
    assert_int_equal(v[0], 0x1110);
    gd_ckpt_close(c);
    /* An empty tensor, a scalar, an empty header field order. */
    drop(&b);
    b = make("{\"e\":{\"shape\":[0,3],\"data_offsets\":[0,0],\"dtype\":\"F32\"},"
             "\"s\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]}}",
             8);
    c = assert_opened(&b, NULL);
    assert_int_equal(gd_ckpt_find(c, "e")->numel, 0);
    assert_int_equal(gd_ckpt_find(c, "s")->numel, 1);
    gd_ckpt_close(c);
    drop(&b);
}

/* S1. The ninth byte decides what the file is, so a brace stands there. */
static void header_lengths(void **state) {
    (void)state;
    static const uint64_t n[] = {0,          1,          1000,      (16 << 20) + 1,
                                 UINT32_MAX, 1ull << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
        bytes b = make(two, 22);
        set_le(&b, 0, n[i], 8);
        /* Text in the first eight bytes means JSON; none of these is. */
        print_message("case %zu\n", i);
        assert_refused(&b, NULL, 430);
        drop(&b);
    }
}

static void cut(void **state) {
    (void)state;
    bytes b = make(two, 22);
    for (size_t n = 0; n < b.n; n++) {
        bytes    part = {b.p, n, n};
        gd_error err;
        gd_ckpt *c;
        assert_int_not_equal(open_bytes(&part, NULL, &c, &err), GD_OK);
    }
    put_text(&b, "x");
    assert_refused(&b, NULL, 432);
    drop(&b);
}

#define T(type, shape, offsets) \
    "{\"w\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

typedef struct wrong {
    const char *header;
    int         code;
} wrong;

/* S2 to S6; 16 bytes of data. */
static void malformed(void **state) {
    (void)state;
    static const wrong t[] = {
        {"{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16],}}", 431},
        {"{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},}", 431},
        {"{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}x", 431},
        {"{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}", 431},
        {"{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
         431},
        {"{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16],\"x\":1}}", 431},
        {"{\"w\":{\"dtype\":\"F32\",\"shape\":[4]}}", 431},
        {"{\"w\":[1]}", 431},
        {"{\"w\":{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 431},
        {"{\"\\ud800\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", 431},
        {"{\"a\\u0000b\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", 431},
        {"{\"w\" {\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", 431},
        {"{w:1}", 431},
        {"{\"w", 431},
        {T("F32", "[NaN]", "[0,16]"), 431},
        {T("F32", "[4.0]", "[0,16]"), 433},
        {T("F32", "[-4]", "[0,16]"), 433},
        {T("F32", "[2147483648]", "[0,16]"), 433},
        {T("F32", "[1,1,1,1,1,1,1,1,4]", "[0,16]"), 433},
        {T("F32", "4", "[0,16]"), 431},
        {T("F32", "[4]", "[0,17]"), 432},
        {T("F32", "[4]", "[16,0]"), 432},
        {T("F32", "[4]", "[0]"), 432},
        {T("F32", "[4]", "[-16,0]"), 432},
        {T("F32", "[4]", "[0,1e3]"), 432},
        {T("F32", "[4]", "[0,99999999999999999999]"), 431},
        {T("F32", "[3]", "[0,16]"), 433},
        {T("F32", "[3]", "[0,12]"), 432},
        {T("F32", "[0]", "[0,16]"), 433},
        {T("F32", "[4]", "[0,0]"), 433},
        {T("F32", "[4194305,4194305,211106198978564]", "[0,16]"), 433},
        {T("F32", "[2147483647,2147483647,2147483647]", "[0,16]"), 433},
        {T("F32", "[65536,65536,65536,65536]", "[0,0]"), 433},
        {T("F8_E4M3", "[16]", "[0,16]"), 434},
        {T("F4", "[32]", "[0,16]"), 434},
        {T("float32", "[4]", "[0,16]"), 434},
        {"{\"w\":{\"dtype\":4,\"shape\":[4],\"data_offsets\":[0,16]}}", 431},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,9]},"
         "\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[8,16]}}",
         432},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[7],\"data_offsets\":[0,7]},"
         "\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[8,16]}}",
         432},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[3,15]},"
         "\"c\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[15,16]}}",
         432},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
         "\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[8,16]}}",
         443},
        {"{\"__metadata__\":[\"a\"]}", 431},
        {"{\"__metadata__\":{\"a\":1}}", 435},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 435},
        {"{\"a\\nb\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", 445},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        bytes b = make(t[i].header, 16);
        print_message("case %zu\n", i);
        assert_refused(&b, NULL, t[i].code);
        drop(&b);
    }
    bytes b = make("{}", 0);
    assert_refused(&b, NULL, 440);
    drop(&b);
}

/* S2: a byte order mark; S6: metadata of 2 MiB; S2: a million brackets. */
static void large(void **state) {
    (void)state;
    bytes b = {0}, h = {0};
    put_text(&h, "{\"__metadata__\":{\"k\":\"");
    for (int i = 0; i < 1 << 18; i++) put_text(&h, "12345678");
    put_text(&h, "\"}}");
    put_le(&b, h.n, 8);
    put(&b, h.p, h.n);
    assert_refused(&b, NULL, 435);
    b.n = h.n = 0;
    put_text(&h, "{\"w\":");
    for (int i = 0; i < 1000000; i++) put_text(&h, "[");
    put_le(&b, h.n, 8);
    put(&b, h.p, h.n);
    assert_refused(&b, NULL, 431);
    drop(&h);
    drop(&b);
    b = make("\xef\xbb\xbf{}", 0);
    gd_error err;
    gd_ckpt *c;
    assert_int_equal(open_bytes(&b, NULL, &c, &err), GD_ERR_FORMAT);
    drop(&b);
}

/* S2: 65,536 tensors are read, one more is refused. */
static void many(void **state) {
    (void)state;
    for (int more = 0; more < 2; more++) {
        bytes b = {0}, h = {0};
        int   n = 65536 + more;
        for (int i = 0; i < n; i++) {
            char s[128];
            snprintf(s, sizeof s,
                     "%c\"t%d\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]}",
                     i ? ',' : '{', i, i, i + 1);
            put_text(&h, s);
        }
        put_text(&h, "}");
        put_le(&b, h.n, 8);
        put(&b, h.p, h.n);
        for (int i = 0; i < n; i++) put_le(&b, 0, 1);
        if (more) {
            assert_refused(&b, NULL, 445);
        } else {
            gd_ckpt *c = assert_opened(&b, NULL);
            assert_int_equal(gd_ckpt_count(c), n);
            assert_int_equal(gd_ckpt_find(c, "t65535")->storage, 65535);
            gd_ckpt_close(c);
        }
        drop(&h);
        drop(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),      cmocka_unit_test(header_lengths), cmocka_unit_test(cut),
        cmocka_unit_test(malformed), cmocka_unit_test(large),          cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
