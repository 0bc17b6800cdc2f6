/* tga_test.c -- the walk over TGA files: implausible headers, colour maps, runs. */
#include "tests/media/make.h"

static void sound_files_pass(void **state) {
    (void)state;
    for (int coded = 0; coded < 2; coded++) {
        gd_source s;
        gd_error  err;
        made      m = make_tga(19, 12, coded);
        gd_assert_ok(door(&m, false, &s, &err), &err);
        assert_int_equal(s.format, GD_SOURCE_TGA);
        assert_int_equal(s.width, 19);
        assert_true(s.bottom_up);
        m.p[17] = 0x20;
        gd_assert_ok(door(&m, false, &s, &err), &err);
        assert_false(s.bottom_up);
        made_free(&m);
    }
}

static void with_byte(bool coded, size_t at, unsigned char v, int code) {
    made m = make_tga(19, 12, coded);
    m.p[at] = v;
    assert_refused(&m, code);
    made_free(&m);
}

static void broken_headers(void **state) {
    (void)state;
    with_byte(false, 1, 1, 301); /* a colour map for true colour */
    with_byte(false, 1, 2, 301);
    with_byte(false, 2, 0, 301); /* no picture */
    with_byte(false, 2, 4, 301);
    with_byte(false, 2, 32, 301); /* other compressions */
    with_byte(false, 2, 1, 302);  /* mapped without a map: begins like an icon */
    with_byte(false, 12, 0, 301); /* no width */
    with_byte(false, 14, 0, 301);
    with_byte(false, 12, 20, 303); /* wider than the file */
    with_byte(false, 13, 1, 303);
    with_byte(false, 16, 23, 301);
    with_byte(false, 16, 32, 303);
    with_byte(false, 17, 0x10, 306); /* right to left */
    with_byte(false, 17, 0x80, 301); /* interleaved */
    with_byte(false, 0, 255, 303);   /* a comment that moves the pixels */
    with_byte(false, 5, 1, 301);     /* map entries without a map */
}

static void runs(void **state) {
    (void)state;
    /* The first packet claims 128 pixels of its own, which shifts all that follow. */
    with_byte(true, 18, 0x7f, 304);
    /* The last packet is longer than what is left of the picture. */
    made m = make_tga(4, 1, true);
    assert_passes(&m);
    m.p[18 + 12] = 0x81;
    assert_refused(&m, 304);
    m.p[18 + 12] = 0x80;
    assert_passes(&m);
    m.n--; /* half a pixel */
    assert_refused(&m, 303);
    m.n++;
    made_free(&m);
    /* 65,535 x 4,000 pixels announced in 30 bytes. */
    m = make_tga(4, 1, true);
    memcpy(m.p + 12, "\xff\xff\xa0\x0f", 4);
    assert_refused(&m, 303);
    made_free(&m);
}

/* 3 x 1 indices into a map of two entries. */
static void colour_maps(void **state) {
    (void)state;
    unsigned char file[] = {0, 1, 1, 0,    0, 2, 0, 24, 0, 0, 0, 0, 3, 0,
                            1, 0, 8, 0x20, 1, 2, 3, 4,  5, 6, 0, 1, 1};
    made          m = {file, sizeof file};
    assert_passes(&m);
    file[sizeof file - 1] = 2;
    assert_refused(&m, 304);
    file[sizeof file - 1] = 0;
    file[3] = 1; /* a map from entry 1 on */
    assert_refused(&m, 306);
    file[3] = 0;
    file[5] = 0; /* an empty map */
    assert_refused(&m, 304);
    file[5] = 2;
    file[6] = 0xff; /* one longer than the file */
    assert_refused(&m, 303);
    file[6] = 0;
    file[7] = 12;
    assert_refused(&m, 304);
    file[7] = 24;
    /* The same in runs: an index in a repeated pixel. */
    unsigned char coded[] = {0, 1, 9, 0, 0,    2, 0, 24, 0, 0, 0, 0,    3,
                             0, 1, 0, 8, 0x20, 1, 2, 3,  4, 5, 6, 0x82, 1};
    m = (made){coded, sizeof coded};
    assert_passes(&m);
    coded[sizeof coded - 1] = 2;
    assert_refused(&m, 304);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_files_pass),
        cmocka_unit_test(broken_headers),
        cmocka_unit_test(runs),
        cmocka_unit_test(colour_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
