/* torch_zip_test.c -- what stands beside data.pkl: byte order, code, records nobody asked
 * for. */
#include "tests/weights/import/ckpt_make.h"

static const view four = {"FloatStorage", "0", 4, 0, 1, {4}, {1}};

/* A checkpoint of one tensor and one more entry. */
static bytes with(const char *name, const void *data, size_t n) {
    static const float w[4] = {1, 2, 3, 4};
    bytes              b = {0}, pickle = {0};
    pk_start(&pickle);
    put_text(&pickle, "}");
    pk_item(&pickle, "w", &four);
    put_text(&pickle, ".");
    entry e[] = {{.name = "a/data.pkl", .data = pickle.p, .n = pickle.n},
                 {.name = "a/data/0", .data = w, .n = sizeof w},
                 {.name = name, .data = data, .n = n}};
    put_zip(&b, e, 3);
    drop(&pickle);
    return b;
}

/* W13: an extra record is a warning; the usual ones are not. */
static void extra_records(void **state) {
    (void)state;
    static const char *const usual[] = {"a/version", "a/.format_version",
                                        "a/.storage_alignment", "a/.data/serialization_id"};
    for (size_t i = 0; i < 4; i++) {
        bytes    b = with(usual[i], "1", 1);
        gd_ckpt *c = assert_opened(&b, NULL);
        assert_int_equal(gd_ckpt_warning_count(c), 0);
        gd_ckpt_close(c);
        drop(&b);
    }
    bytes    b = with("a/data/9", "1234", 4);
    gd_ckpt *c = assert_opened(&b, NULL);
    assert_true(warned(c, 409));
    gd_ckpt_close(c);
    /* Its bytes are verified all the same. */
    unsigned char *at = NULL;
    for (size_t i = 0; i + 4 < b.n; i++)
        if (memcmp(b.p + i, "1234", 4) == 0) at = b.p + i;
    assert_non_null(at);
    *at ^= 1;
    assert_refused(&b, NULL, 405);
    drop(&b);
}

/* W14. */
static void byte_order(void **state) {
    (void)state;
    bytes b = with("a/byteorder", "little", 6);
    gd_ckpt_close(assert_opened(&b, NULL));
    drop(&b);
    b = with("a/byteorder", "big", 3);
    assert_refused(&b, NULL, 416);
    drop(&b);
    b = with("a/byteorder", "", 0);
    assert_refused(&b, NULL, 416);
    drop(&b);
}

/* W15. */
static void torchscript(void **state) {
    (void)state;
    bytes b = with("a/code/__torch__.py", "class X", 7);
    assert_refused(&b, NULL, 415);
    drop(&b);
    b = with("a/constants.pkl", "x", 1);
    assert_refused(&b, NULL, 415);
    drop(&b);
}

/* Bytes behind STOP; a pickle that is no dict of tensors; a single tensor; nothing at all. */
static void roots(void **state) {
    (void)state;
    bytes p = {0}, b = {0};
    pk_start(&p);
    pk_tensor(&p, &four);
    put_text(&p, ".");
    put_ckpt(&b, &p, 16, 0);
    gd_ckpt *c = assert_opened(&b, NULL);
    assert_string_equal(gd_ckpt_top_type(c), "Tensor");
    assert_string_equal(gd_ckpt_at(c, 0)->name, "");
    gd_ckpt_close(c);
    put_text(&p, "junk");
    b.n = 0;
    put_ckpt(&b, &p, 16, 0);
    assert_refused(&b, NULL, 411);
    p.n = b.n = 0;
    put_text(&p, "}.");
    put_ckpt(&b, &p, 16, 0);
    assert_refused(&b, NULL, 440);
    p.n = b.n = 0;
    put_text(&p, "K\1.");
    put_ckpt(&b, &p, 16, 0);
    assert_refused(&b, NULL, 440);
    drop(&p);
    drop(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extra_records),
        cmocka_unit_test(byte_order),
        cmocka_unit_test(torchscript),
        cmocka_unit_test(roots),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
