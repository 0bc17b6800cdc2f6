/* values_test.c -- numbers of every type, and views in row-major order against a plain loop. */
#include <math.h>

#include "tests/weights/import/ckpt_make.h"

typedef struct sample {
    gd_ckpt_dtype type;
    unsigned char raw[16];
    double        value;
} sample;

static void conversions(void **state) {
    (void)state;
    static const sample t[] = {
        {GD_CKPT_F32, {0, 0, 0x80, 0x3f}, 1},
        {GD_CKPT_F32, {1, 0, 0, 0}, 0x1p-149},
        {GD_CKPT_F16, {0, 0x3c}, 1},
        {GD_CKPT_F16, {1, 0}, 0x1p-24},
        {GD_CKPT_F16, {0xff, 0x7b}, 65504},
        {GD_CKPT_F16, {0, 0x84}, -0x1p-14},
        {GD_CKPT_BF16, {0x80, 0x3f}, 1},
        {GD_CKPT_BF16, {0x20, 0xc0}, -2.5},
        {GD_CKPT_F64, {0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, 1.5},
        {GD_CKPT_I64, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, -1},
        {GD_CKPT_I32, {0, 0, 0, 0x80}, -2147483648.0},
        {GD_CKPT_I16, {0, 0x80}, -32768},
        {GD_CKPT_I8, {0x80}, -128},
        {GD_CKPT_U8, {0x80}, 128},
        {GD_CKPT_U16, {0xff, 0xff}, 65535},
        {GD_CKPT_U32, {0xff, 0xff, 0xff, 0xff}, 4294967295.0},
        {GD_CKPT_U64, {0, 0, 0, 0, 0, 0, 0, 0x80}, 0x1p63},
        {GD_CKPT_BOOL, {2}, 1},
        {GD_CKPT_BOOL, {0}, 0},
    };
    double v;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        assert_true(gd_ckpt_to_f64(t[i].type, t[i].raw, 1, &v));
        if (v != t[i].value) fail_msg("case %zu: %a", i, v);
    }
    for (int type = GD_CKPT_C32; type < GD_CKPT_DTYPES; type++)
        assert_false(gd_ckpt_to_f64((gd_ckpt_dtype)type, t[0].raw, 1, &v));
    for (int type = 0; type < GD_CKPT_DTYPES; type++) {
        assert_in_range(gd_ckpt_dtype_size((gd_ckpt_dtype)type), 1, 16);
        assert_non_null(gd_ckpt_dtype_name((gd_ckpt_dtype)type));
    }
    assert_string_equal(gd_ckpt_dtype_name(GD_CKPT_DTYPES), "unknown");
}

static void not_finite(void **state) {
    (void)state;
    static const uint32_t f32[] = {0x7f800000, 0xff800000, 0x7fc00001, 0x7f7fffff, 0};
    static const uint16_t f16[] = {0x7c00, 0xfc00, 0x7e00, 0x7bff, 0};
    static const uint16_t bf16[] = {0x7f80, 0xff80, 0x7fc0, 0x7f7f, 0};
    static const uint64_t f64[] = {0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
                                   0x7fefffffffffffff, 0};
    assert_int_equal(gd_ckpt_nonfinite(GD_CKPT_F32, (const unsigned char *)f32, 5), 3);
    assert_int_equal(gd_ckpt_nonfinite(GD_CKPT_F16, (const unsigned char *)f16, 5), 3);
    assert_int_equal(gd_ckpt_nonfinite(GD_CKPT_BF16, (const unsigned char *)bf16, 5), 3);
    assert_int_equal(gd_ckpt_nonfinite(GD_CKPT_F64, (const unsigned char *)f64, 5), 3);
    assert_int_equal(gd_ckpt_nonfinite(GD_CKPT_I64, (const unsigned char *)f64, 5), 0);
}

/* P8: transposed, strided, expanded, overlapping: against the definition of a strided view. */
static void views(void **state) {
    (void)state;
    static const view t[] = {
        {"ShortStorage", "0", 120, 0, 3, {4, 5, 6}, {30, 6, 1}},
        {"ShortStorage", "0", 120, 0, 3, {6, 5, 4}, {1, 6, 30}},
        {"ShortStorage", "0", 120, 7, 2, {3, 4}, {11, 2}},
        {"ShortStorage", "0", 120, 3, 3, {2, 7, 3}, {0, 1, 0}},
        {"ShortStorage", "0", 120, 5, 1, {40}, {2}},
        {"ShortStorage", "0", 120, 100, 4, {1, 3, 1, 2}, {77, 2, 99, 1}},
        {"ShortStorage", "0", 120, 119, 0, {0}, {0}},
        {"ShortStorage", "0", 120, 0, 8, {2, 1, 2, 1, 2, 1, 2, 2}, {8, 1, 16, 1, 32, 1, 2, 1}},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        bytes    b = {0}, file = {0};
        gd_error err;
        int16_t  got[256], storage[120];
        float    f32[256];
        double   f64[256];
        pk_start(&b);
        put_text(&b, "}");
        pk_item(&b, "w", &t[i]);
        put_text(&b, ".");
        put_ckpt(&file, &b, 240, 0);
        gd_ckpt              *c = assert_opened(&file, NULL);
        const gd_ckpt_tensor *w = gd_ckpt_find(c, "w");
        assert_true(w->numel <= 256);
        gd_assert_ok(gd_ckpt_read(c, w, got, gd_ckpt_bytes(w), &err), &err);
        gd_assert_ok(gd_ckpt_read_f32(c, w, f32, &err), &err);
        gd_assert_ok(gd_ckpt_read_f64(c, w, f64, &err), &err);
        for (size_t k = 0; k < 120; k++) {
            unsigned lo = (unsigned)(2 * k * 37 % 61), hi = (unsigned)((2 * k + 1) * 37 % 61);
            storage[k] = (int16_t)(lo | hi << 8);
        }
        for (int64_t k = 0; k < w->numel; k++) {
            int64_t rest = k, at = w->offset;
            for (int d = w->ndim - 1; d >= 0; d--) {
                at += rest % w->dim[d] * w->stride[d];
                rest /= w->dim[d];
            }
            assert_int_equal(got[k], storage[at]);
            assert_true(f32[k] == storage[at] && f64[k] == storage[at]);
        }
        assert_int_equal(gd_ckpt_read(c, w, got, gd_ckpt_bytes(w) + 1, &err), GD_ERR_ARG);
        gd_ckpt_close(c);
        drop(&file);
        drop(&b);
    }
}

/* P9: types without numbers are listed, read as bytes, and refused by name as floats. */
static void named_refusal(void **state) {
    (void)state;
    static const char *const type[] = {"ComplexFloatStorage", "QInt8Storage", "QInt32Storage"};
    static const size_t      size[] = {8, 1, 4};
    for (int i = 0; i < 3; i++) {
        bytes         b = {0}, file = {0};
        gd_error      err = {0};
        float         f[4];
        unsigned char raw[32];
        const view    v = {type[i], "0", 4, 0, 1, {4}, {1}};
        pk_start(&b);
        put_text(&b, "}");
        pk_item(&b, "w", &v);
        put_text(&b, ".");
        put_ckpt(&file, &b, 4 * size[i], 0);
        gd_ckpt *c = assert_opened(&file, NULL);
        gd_assert_ok(gd_ckpt_read(c, gd_ckpt_at(c, 0), raw, 4 * size[i], &err), &err);
        assert_int_equal(gd_ckpt_read_f32(c, gd_ckpt_at(c, 0), f, &err), GD_ERR_UNSUPPORTED);
        assert_int_equal(err.code, 418);
        assert_non_null(strstr(err.msg, gd_ckpt_dtype_name(gd_ckpt_at(c, 0)->dtype)));
        gd_ckpt_close(c);
        drop(&file);
        drop(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversions),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(views),
        cmocka_unit_test(named_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
