/* png_test.c -- the walk over PNG chunks: every bit flip, order, counts, lengths, bombs. */
#include <time.h>

#include "tests/media/make.h"

static void sound_file_passes(void **state) {
    (void)state;
    gd_source s;
    gd_error  err;
    made      m = make_encoded(GD_ENCODE_PNG, 21, 13);
    gd_assert_ok(door(&m, false, &s, &err), &err);
    assert_int_equal(s.width, 21);
    assert_int_equal(s.height, 13);
    assert_int_equal(s.depth, 8);
    assert_int_equal(s.colour, 2);
    assert_int_equal(s.n_warnings, 0);
    made_free(&m);
}

/* Every chunk carries a CRC, so no flipped bit can pass. */
static void every_flipped_bit(void **state) {
    (void)state;
    made m = make_encoded(GD_ENCODE_PNG, 21, 13);
    for (size_t bit = 0; bit < 8 * m.n; bit++) {
        gd_source s;
        gd_error  err;
        m.p[bit / 8] ^= (unsigned char)(1u << bit % 8);
        if (door(&m, false, &s, &err) == GD_OK) fail_msg("bit %zu passes", bit);
        assert_int_not_equal(err.code, 0);
        m.p[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    made_free(&m);
}

/* Changes a byte of IHDR and mends the CRC, so that the value itself is judged. */
static void with_header(size_t at, unsigned char v, int code) {
    made m = make_encoded(GD_ENCODE_PNG, 21, 13);
    m.p[16 + at] = v;
    mend_crc(&m, 8);
    assert_refused(&m, code);
    made_free(&m);
}

static void header_fields(void **state) {
    (void)state;
    with_header(0, 0x7f, 305); /* a width of 2^31 - something */
    with_header(0, 0xff, 305);
    with_header(3, 0, 304);  /* no width */
    with_header(7, 0, 304);  /* no height */
    with_header(3, 22, 304); /* wider than its stream */
    with_header(7, 12, 304); /* lower */
    with_header(7, 14, 304); /* higher */
    with_header(8, 3, 304);  /* 3 bits */
    with_header(8, 4, 304);  /* 4 bits of colour */
    with_header(9, 1, 304);
    with_header(9, 7, 304);
    with_header(9, 3, 304); /* a palette picture without one */
    with_header(10, 1, 304);
    with_header(11, 1, 304);
    with_header(12, 2, 304);
    with_header(12, 1, 304); /* interlaced rows are of other lengths */
}

static void chunk_order(void **state) {
    (void)state;
    made   m = make_encoded(GD_ENCODE_PNG, 21, 13);
    size_t idat = find_chunk(&m, "IDAT"), iend = find_chunk(&m, "IEND");
    add_chunk(&m, idat, "PLTE", "abcdef", 6); /* a suggested palette is legal */
    assert_passes(&m);
    add_chunk(&m, idat, "PLTE", "abcdef", 6); /* two are not */
    assert_refused(&m, 304);
    made_splice(&m, idat, 36, "", 0);
    add_chunk(&m, iend, "PLTE", "abcdef", 6); /* behind the pixels */
    assert_refused(&m, 304);
    made_splice(&m, iend, 18, "", 0);
    add_chunk(&m, idat, "PLTE", "abcde", 5);
    assert_refused(&m, 304);
    made_splice(&m, idat, 17, "", 0);
    add_chunk(&m, idat, "tRNS", "abcdef", 6);
    assert_passes(&m);
    add_chunk(&m, idat, "tRNS", "abcdef", 6);
    assert_refused(&m, 304);
    made_splice(&m, idat, 36, "", 0);
    add_chunk(&m, idat, "tRNS", "abc", 3);
    assert_refused(&m, 304);
    made_splice(&m, idat, 15, "", 0);
    add_chunk(&m, iend, "tRNS", "abcdef", 6);
    assert_refused(&m, 304);
    made_splice(&m, iend, 18, "", 0);
    made_splice(&m, iend, 0, m.p + 8, 25); /* a second IHDR */
    assert_refused(&m, 304);
    made_splice(&m, iend, 25, "", 0);
    add_chunk(&m, idat, "ABCD", "", 0); /* unknown and critical */
    assert_refused(&m, 304);
    memcpy(m.p + idat + 4, "aBCD", 4); /* unknown and not */
    mend_crc(&m, idat);
    assert_passes(&m);
    memcpy(m.p + idat + 4, "CgBI", 4);
    mend_crc(&m, idat);
    assert_refused(&m, 306);
    made_splice(&m, idat, 12, "", 0);
    add_chunk(&m, iend, "IDAT", "", 0);
    assert_passes(&m);
    add_chunk(&m, iend, "tEXt", "k\0v", 3); /* between two IDAT chunks */
    assert_refused(&m, 304);
    made_free(&m);
}

static void lengths(void **state) {
    (void)state;
    made           m = make_encoded(GD_ENCODE_PNG, 21, 13);
    size_t         idat = find_chunk(&m, "IDAT");
    uint32_t       n = gd_be32(m.p + idat);
    const uint32_t bad[] = {0, n - 1, n + 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff4};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gd_source s;
        gd_error  err;
        put_be32(m.p + idat, bad[i]);
        assert_int_not_equal(door(&m, false, &s, &err), GD_OK);
        assert_in_range(err.code, 303, 304);
    }
    put_be32(m.p + idat, n);
    assert_passes(&m);
    add_chunk(&m, find_chunk(&m, "IEND"), "IEND", "x", 1);
    assert_refused(&m, 304);
    made_free(&m);
}

/* A picture whose stream holds `rows` bytes, compressed, its checksum spoilt on demand. */
static made with_stream(size_t rows, bool spoil, long stray) {
    made           m = make_encoded(GD_ENCODE_PNG, 3, 3);
    size_t         idat = find_chunk(&m, "IDAT");
    unsigned char *raw = gd_mem_get_zero(rows ? rows : 1),
                  *z = gd_mem_get_zero(compressBound(rows) + 64);
    uLongf n = compressBound(rows);
    assert_int_equal(compress(z, &n, raw, rows), Z_OK);
    if (spoil) z[n - 1] ^= 1;
    made_splice(&m, idat, 12 + gd_be32(m.p + idat), "", 0);
    add_chunk(&m, idat, "IDAT", z, n + (uLongf)stray);
    gd_mem_put(raw);
    gd_mem_put(z);
    return m;
}

static void stream_length_and_checksum(void **state) {
    (void)state;
    for (size_t rows = 0; rows < 40; rows++) {
        made m = with_stream(rows, false, 0);
        if (rows == 30)
            assert_passes(&m);
        else
            assert_refused(&m, 304);
        made_free(&m);
    }
    made m = with_stream(30, true, 0);
    assert_refused(&m, 304);
    made_free(&m);
    for (long lack = 1; lack < 8; lack++) { /* all pixels may be there, the checksum is not */
        m = with_stream(30, false, -lack);
        assert_refused(&m, 304);
        made_free(&m);
    }
    m = with_stream(30, false, 9);
    gd_source s;
    gd_error  err;
    gd_assert_ok(door(&m, false, &s, &err), &err);
    assert_non_null(strstr(s.warnings[0], "9 stray bytes"));
    made_free(&m);
    /* A stream of 100 MB for a picture of 30 bytes is given up at once. */
    m = with_stream(100u << 20, false, 0);
    clock_t before = clock();
    assert_refused(&m, 304);
    assert_true(clock() - before < CLOCKS_PER_SEC / 20);
    made_free(&m);
}

static void bombs_are_not_opened(void **state) {
    (void)state;
    made           m = make_encoded(GD_ENCODE_PNG, 21, 13);
    size_t         n = 200u << 20;
    uLongf         zn = compressBound(n);
    unsigned char *raw = gd_mem_get_zero(n), *z = gd_mem_get(zn + 16);
    memcpy(z, "name\0\0", 6);
    assert_int_equal(compress2(z + 6, &zn, raw, n, 1), Z_OK);
    add_chunk(&m, find_chunk(&m, "IDAT"), "iCCP", z, zn + 6);
    add_chunk(&m, find_chunk(&m, "IDAT"), "zTXt", z, zn + 6);
    gd_mem_put(raw);
    gd_mem_put(z);
    clock_t before = clock();
    assert_passes(&m);
    assert_true(clock() - before < CLOCKS_PER_SEC / 4);
    made_free(&m);
}

static void grey_16_and_animation(void **state) {
    (void)state;
    made m = make_encoded(GD_ENCODE_PNG, 21, 13);
    m.p[24] = 16, m.p[25] = 0;
    mend_crc(&m, 8);
    assert_refused(&m, 306);
    made_free(&m);
    m = make_encoded(GD_ENCODE_PNG, 21, 13);
    add_chunk(&m, 33, "acTL", "\0\0\0\2\0\0\0\0", 8);
    gd_source s;
    gd_error  err;
    gd_assert_ok(door(&m, false, &s, &err), &err);
    assert_true(s.multiple);
    assert_non_null(strstr(s.warnings[0], "first"));
    made_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_file_passes),
        cmocka_unit_test(every_flipped_bit),
        cmocka_unit_test(header_fields),
        cmocka_unit_test(chunk_order),
        cmocka_unit_test(lengths),
        cmocka_unit_test(stream_length_and_checksum),
        cmocka_unit_test(bombs_are_not_opened),
        cmocka_unit_test(grey_16_and_animation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
