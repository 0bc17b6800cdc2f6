/* bmp_test.c -- the walk over BMP headers: every field that a decoder would trust. */
#include "tests/media/make.h"

static void put16(unsigned char *p, unsigned v) {
    p[0] = (unsigned char)v;
    p[1] = (unsigned char)(v >> 8);
}

static void put32(unsigned char *p, uint32_t v) {
    put16(p, v & 0xffff);
    put16(p + 2, v >> 16);
}

/* A file of 5 x 3 pixels with `bits` each, `colours` in its palette, everything else zero. */
static made plain(unsigned bits, unsigned colours) {
    size_t row = (5 * bits + 31) / 32 * 4, at = 54 + 4 * (size_t)colours;
    made   m = {gd_mem_get_zero(at + 3 * row), at + 3 * row};
    memcpy(m.p, "BM", 2);
    put32(m.p + 10, (uint32_t)at);
    put32(m.p + 14, 40);
    put32(m.p + 18, 5);
    put32(m.p + 22, 3);
    put16(m.p + 26, 1);
    put16(m.p + 28, bits);
    put32(m.p + 46, colours);
    return m;
}

static void sound_files_pass(void **state) {
    (void)state;
    const unsigned kinds[][2] = {{1, 2},   {1, 1}, {4, 16}, {4, 3},
                                 {8, 256}, {8, 7}, {24, 0}, {32, 0}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        gd_source s;
        gd_error  err;
        made      m = plain(kinds[i][0], kinds[i][1]);
        gd_assert_ok(door(&m, false, &s, &err), &err);
        assert_int_equal(s.width, 5);
        assert_int_equal(s.height, 3);
        assert_true(s.bottom_up);
        put32(m.p + 22, (uint32_t)-3); /* top down */
        gd_assert_ok(door(&m, false, &s, &err), &err);
        assert_false(s.bottom_up);
        made_free(&m);
    }
}

static void with_field(unsigned bits, unsigned colours, size_t at, uint32_t v, int code) {
    made m = plain(bits, colours);
    put32(m.p + at, v);
    assert_refused(&m, code);
    made_free(&m);
}

static void broken_fields(void **state) {
    (void)state;
    with_field(24, 0, 10, 0xffffffff, 306); /* pixels far away */
    with_field(24, 0, 10, 53, 304);         /* pixels inside the header */
    with_field(24, 0, 10, 0, 304);
    with_field(8, 7, 10, 54, 304); /* no room for the palette */
    with_field(24, 0, 14, 12, 306);
    with_field(24, 0, 14, 41, 306);
    with_field(24, 0, 14, 124, 303);        /* a header longer than the file's */
    with_field(24, 0, 18, 0, 304);          /* no width */
    with_field(24, 0, 18, 0xffffffff, 304); /* a width of -1 */
    with_field(24, 0, 18, 65536, 305);
    with_field(24, 0, 18, 6, 303); /* one pixel more a row */
    with_field(24, 0, 22, 0, 304);
    with_field(24, 0, 22, 0x80000000, 305);
    with_field(24, 0, 22, 4, 303);
    with_field(24, 0, 26, 2 | 24u << 16, 304); /* two planes */
    with_field(24, 0, 26, 1 | 16u << 16, 306);
    with_field(24, 0, 26, 1 | 2u << 16, 304);
    with_field(24, 0, 26, 1 | 0xffffu << 16, 304);
    with_field(24, 0, 30, 1, 306);
    with_field(24, 0, 30, 3, 304); /* masks for 24 bits */
    with_field(24, 0, 30, 5, 306);
    with_field(32, 0, 30, 3, 306); /* masks of zero */
    with_field(8, 7, 46, 8, 304);  /* more colours than places */
    with_field(8, 7, 46, 257, 304);
}

/* The last pixel's index is one beyond the palette. */
static void index_out_of_range(void **state) {
    (void)state;
    for (unsigned bits = 1; bits <= 8; bits = bits == 1 ? 4 : bits * 2) {
        made   m = plain(bits, bits == 1 ? 1 : 3);
        size_t bit = 4 * (size_t)bits;
        m.p[m.n - (5 * bits + 31) / 32 * 4 + bit / 8] |=
            (unsigned char)((bits == 1 ? 1u : 3u) << (8 - bits - bit % 8));
        assert_refused(&m, 304);
        made_free(&m);
    }
}

static void masks_of_eight_bits(void **state) {
    (void)state;
    made m = plain(32, 0);
    made_splice(&m, 54, 0, "\0\0\xff\0\0\xff\0\0\xff\0\0\0", 12);
    put32(m.p + 10, 66);
    put32(m.p + 30, 3);
    assert_passes(&m);
    m.p[56] = 0xfe; /* seven bits */
    assert_refused(&m, 306);
    m.p[56] = 0xff, m.p[60] = 0xff; /* overlapping */
    assert_refused(&m, 306);
    made_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_files_pass),
        cmocka_unit_test(broken_fields),
        cmocka_unit_test(index_out_of_range),
        cmocka_unit_test(masks_of_eight_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
