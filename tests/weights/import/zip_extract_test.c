/* zip_extract_test.c -- compressed entries: off by default, bounded, checked like stored
 * ones. */
#include "tests/weights/import/ckpt_make.h"

#include "weights/import/zip.h"

static const view many = {"ByteStorage", "0", 100000, 0, 1, {100000}, {1}};

/* Raw deflate of n bytes. */
static bytes squeeze(const unsigned char *p, size_t n) {
    bytes    b = {0};
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    b.room = deflateBound(&z, n);
    b.p = malloc(b.room);
    z.next_in = (unsigned char *)(uintptr_t)p;
    z.avail_in = (uInt)n;
    z.next_out = b.p;
    z.avail_out = (uInt)b.room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    b.n = z.total_out;
    deflateEnd(&z);
    return b;
}

/* A checkpoint whose storage "0" is `coded`, announced as n bytes with this CRC. */
static bytes archive(const bytes *coded, size_t n, uint32_t crc) {
    bytes b = {0}, pickle = {0};
    pk_start(&pickle);
    put_text(&pickle, "}");
    pk_item(&pickle, "w", &many);
    put_text(&pickle, ".");
    entry e[] = {{.name = "a/data.pkl", .data = pickle.p, .n = pickle.n},
                 {.name = "a/data/0",
                  .data = coded->p,
                  .n = coded->n,
                  .method = 8,
                  .inflated = n,
                  .crc = crc}};
    put_zip(&b, e, 2);
    drop(&pickle);
    return b;
}

static void deflated(void **state) {
    (void)state;
    static unsigned char  plain[100000], back[100000];
    const gd_ckpt_options allow = {.allow_deflate = true};
    for (size_t i = 0; i < sizeof plain; i++) plain[i] = (unsigned char)(i * i >> 7);
    uint32_t crc = (uint32_t)crc32_z(0, plain, sizeof plain);
    bytes    coded = squeeze(plain, sizeof plain);
    bytes    b = archive(&coded, sizeof plain, crc);
    gd_error err;
    assert_refused(&b, NULL, 404);
    gd_ckpt *c = assert_opened(&b, &allow);
    gd_assert_ok(gd_ckpt_read(c, gd_ckpt_find(c, "w"), back, sizeof back, &err), &err);
    assert_memory_equal(plain, back, sizeof back);
    gd_ckpt_close(c);
    drop(&b);
    /* A wrong CRC; a damaged stream; one that is cut; one with bytes behind its end. */
    b = archive(&coded, sizeof plain, crc ^ 1);
    assert_refused(&b, &allow, 405);
    drop(&b);
    for (size_t i = 0; i < coded.n; i += coded.n / 50 + 1) {
        coded.p[i] ^= 0x55;
        b = archive(&coded, sizeof plain, crc);
        assert_refused(&b, &allow, 405);
        drop(&b);
        coded.p[i] ^= 0x55;
    }
    coded.n -= 1;
    b = archive(&coded, sizeof plain, crc);
    assert_refused(&b, &allow, 405);
    drop(&b);
    coded.n += 1;
    put_text(&coded, "x");
    b = archive(&coded, sizeof plain, crc);
    assert_refused(&b, &allow, 405);
    drop(&b);
    coded.n -= 1;
    drop(&coded);
}

/* W9: more than four times the file and 32 MiB, or more than deflate can do at all. */
static void bomb(void **state) {
    (void)state;
    const gd_ckpt_options allow = {.allow_deflate = true};
    unsigned char        *zeros = calloc(1, 64 << 20);
    assert_non_null(zeros);
    bytes coded = squeeze(zeros, 64 << 20);
    bytes b = archive(&coded, 64 << 20, 1);
    assert_refused(&b, &allow, 407);
    drop(&b);
    coded.n = 40;
    b = archive(&coded, 100000, 1);
    assert_refused(&b, &allow, 407);
    drop(&b);
    drop(&coded);
    free(zeros);
}

/* A stored entry that must be read without a destination. */
static void check_only(void **state) {
    (void)state;
    static unsigned char data[600000];
    gd_error             err;
    gd_file              f;
    for (size_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)(i >> 3);
    write_bytes(scratch_file("raw"), data, sizeof data);
    gd_assert_ok(gd_file_open(&f, scratch_file("raw"), &err), &err);
    gd_ckpt_storage s = {.key = "raw",
                         .at = 5,
                         .bytes = sizeof data - 5,
                         .coded = sizeof data - 5,
                         .crc = (uint32_t)crc32_z(0, data + 5, sizeof data - 5),
                         .has_crc = true};
    gd_assert_ok(gd_zip_extract(&f, &s, NULL, &err), &err);
    s.crc ^= 4;
    assert_int_equal(gd_zip_extract(&f, &s, NULL, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 405);
    s.bytes = s.coded = sizeof data;
    assert_int_equal(gd_zip_extract(&f, &s, NULL, &err), GD_ERR_FORMAT);
    gd_file_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deflated),
        cmocka_unit_test(bomb),
        cmocka_unit_test(check_only),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
