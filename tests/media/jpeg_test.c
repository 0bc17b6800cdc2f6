/* jpeg_test.c -- the walk over JPEG markers: each broken field is refused. */
#include "tests/media/make.h"

enum { DQT = 0xdb, SOF0 = 0xc0, SOF2 = 0xc2, DHT = 0xc4, SOS = 0xda, EOI = 0xd9 };

static void sound_files_pass(void **state) {
    (void)state;
    for (int sampling = 0; sampling < TJ_NUMSAMP; sampling++)
        for (int flags = 0; flags <= TJFLAG_PROGRESSIVE; flags += TJFLAG_PROGRESSIVE) {
            made      m = make_jpeg(37, 21, sampling, flags);
            gd_source s;
            gd_error  err;
            gd_assert_ok(door(&m, false, &s, &err), &err);
            assert_int_equal(s.format, GD_SOURCE_JPEG);
            assert_int_equal(s.width, 37);
            assert_int_equal(s.height, 21);
            assert_int_equal(s.components, sampling == TJSAMP_GRAY ? 1 : 3);
            assert_int_equal(s.n_warnings, 0);
            made_free(&m);
        }
}

/* The file that makes stb_image 2.27 write past its tables. */
static void huffman_overflow(void **state) {
    (void)state;
    made m = {.n = 2 + 2 + 2 + 1 + 16 + 4080 + 2};
    m.p = gd_mem_get_zero(m.n);
    memcpy(m.p, "\xff\xd8\xff\xc4", 4);
    m.p[4] = (2 + 1 + 16 + 4080) >> 8;
    m.p[5] = (2 + 1 + 16 + 4080) & 255;
    memset(m.p + 7, 0xff, 16);
    memcpy(m.p + m.n - 2, "\xff\xd9", 2);
    assert_refused(&m, 304);
    made_free(&m);
    /* 255 codes of 8 bits and `more` of 9 fit the code space; 257 symbols are one too many. */
    for (unsigned char more = 1; more <= 2; more++)
        for (int lack = 0; lack < 2; lack++) {
            unsigned char table[4 + 17 + 257] = {0xff, DHT};
            size_t        n = 4u + 17 + 255 + more - (size_t)lack;
            table[2] = (unsigned char)((n - 2) >> 8), table[3] = (unsigned char)(n - 2);
            table[5 + 7] = 255, table[5 + 8] = more;
            m = make_jpeg(40, 40, TJSAMP_420, 0);
            made_splice(&m, 2, 0, table, n);
            if (more == 1 && !lack)
                assert_passes(&m);
            else
                assert_refused(&m, 304);
            made_free(&m);
        }
}

/* Sets one byte, `offset` behind the marker. */
static void with_byte(unsigned marker, size_t offset, unsigned char v, int code) {
    made   m = make_jpeg(40, 40, TJSAMP_420, 0);
    size_t at = find_marker(&m, marker, 0) + 2 + offset;
    m.p[at] = v;
    assert_refused(&m, code);
    made_free(&m);
}

static void indices_and_counts(void **state) {
    (void)state;
    with_byte(DQT, 2, 0x04, 304);  /* quantisation table 4 */
    with_byte(DQT, 2, 0x20, 304);  /* precision 2 */
    with_byte(DQT, 1, 30, 304);    /* table too short for its segment */
    with_byte(DHT, 2, 0x04, 304);  /* Huffman table 4 */
    with_byte(DHT, 2, 0x20, 304);  /* class 2 */
    with_byte(SOF0, 2, 12, 306);   /* 12 bits */
    with_byte(SOF0, 7, 0, 304);    /* 0 components */
    with_byte(SOF0, 7, 2, 304);    /* 2 components */
    with_byte(SOF0, 7, 4, 304);    /* more than are there */
    with_byte(SOF0, 9, 0x01, 304); /* sampling factor 0 */
    with_byte(SOF0, 9, 0x51, 304); /* sampling factor 5 */
    with_byte(SOF0, 10, 4, 304);   /* quantisation table 4 */
    with_byte(SOF0, 10, 3, 304);   /* a table that is not there */
    with_byte(SOF0, 11, 1, 304);   /* two components of one name */
    with_byte(SOS, 2, 0, 304);     /* no components */
    with_byte(SOS, 2, 5, 304);     /* five components */
    with_byte(SOS, 3, 9, 304);     /* a component that is not there */
    with_byte(SOS, 4, 0x40, 304);  /* Huffman table 4 */
    with_byte(SOS, 9, 1, 304);     /* spectral selection in a sequential file */
    with_byte(SOS, 11, 1, 304);    /* successive approximation in one */
    with_byte(SOF0, 0, 0xff, 303); /* a segment beyond the end */
}

static void kinds_that_are_not_read(void **state) {
    (void)state;
    const int codes[][2] = {{0xc3, 306}, {0xc5, 306}, {0xc9, 306}, {0xca, 306},
                            {0xcb, 306}, {0xcc, 306}, {0xcf, 306}, {0xdc, 306},
                            {0x02, 304}, {0xd0, 304}, {0xd8, 304}, {0xc1, 0}};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        made m = make_jpeg(40, 40, TJSAMP_444, 0);
        m.p[find_marker(&m, SOF0, 0) + 1] = (unsigned char)codes[i][0];
        if (codes[i][1])
            assert_refused(&m, codes[i][1]);
        else
            assert_passes(&m);
        made_free(&m);
    }
    made m = make_jpeg(40, 40, TJSAMP_444, 0);
    memset(m.p + find_marker(&m, SOF0, 0) + 5, 0, 2);
    assert_refused(&m, 306); /* no height */
    made_free(&m);
}

static void caps(void **state) {
    (void)state;
    /* 65,500 x 65,500 in a file of a few hundred bytes. */
    made   m = make_jpeg(8, 8, TJSAMP_444, 0);
    size_t at = find_marker(&m, SOF0, 0) + 5;
    for (int i = 0; i < 4; i += 2)
        m.p[at + (size_t)i] = 65500 >> 8, m.p[at + (size_t)i + 1] = 65500 & 255;
    assert_refused(&m, 305);
    made_free(&m);
    /* 10,000 scans: the refinements of a progressive file, over and over. */
    m = make_jpeg(64, 64, TJSAMP_444, TJFLAG_PROGRESSIVE);
    size_t sos = find_marker(&m, SOS, 0), next = sos + 2;
    do next = find_marker(&m, SOS, next + 1);
    while (m.p[next + 4] != 1);
    size_t end = m.n - 2, n = m.n + 10000 * 12;
    made   many = {gd_mem_get(n), end};
    memcpy(many.p, m.p, end);
    for (int i = 0; i < 10000; i++) {
        /* Coefficient 1 of component 1 is announced again, at one bit less each time. */
        const unsigned char scan[12] = {0xff, SOS, 0, 8, 1, 1, 0, 1, 1, 0x10, 0x55, 0x55};
        memcpy(many.p + many.n, scan, sizeof scan);
        many.n += sizeof scan;
    }
    memcpy(many.p + many.n, "\xff\xd9", 2);
    many.n += 2;
    assert_refused(&many, 304); /* a repeated refinement is out of order already */
    made_free(&many);
    made_free(&m);
    /* Scans that each are in order: one coefficient at a time, far more than 128. */
    m = make_jpeg(8, 8, TJSAMP_444, TJFLAG_PROGRESSIVE);
    sos = find_marker(&m, SOS, 0);
    many = (made){gd_mem_get(sos + 20 * 64 * 8 + 64), sos};
    memcpy(many.p, m.p, sos);
    const unsigned char dc[] = {0xff, SOS, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 0, 7, 0x55};
    memcpy(many.p + many.n, dc, sizeof dc);
    many.n += sizeof dc;
    for (int low = 7; low >= 0; low--)
        for (unsigned char k = 1; k < 64; k++) {
            const unsigned char scan[] = {
                0xff, SOS, 0, 8, 1,
                1,    0,   k, k, (unsigned char)((low == 7 ? 0 : low + 1) << 4 | low),
                0x55};
            memcpy(many.p + many.n, scan, sizeof scan);
            many.n += sizeof scan;
        }
    memcpy(many.p + many.n, "\xff\xd9", 2);
    many.n += 2;
    assert_refused(&many, 305);
    made_free(&many);
    made_free(&m);
}

/* A progressive scan that codes again what is known, or refines what is not. */
static void progression_in_order(void **state) {
    (void)state;
    made   m = make_jpeg(64, 64, TJSAMP_444, TJFLAG_PROGRESSIVE);
    size_t first = find_marker(&m, SOS, 0), end = first + 2;
    while (m.p[end] != 0xff || m.p[end + 1] == 0) end++;
    made_splice(&m, end, 0, m.p + first, end - first);
    assert_refused(&m, 304);
    made_splice(&m, end, end - first, "", 0);
    assert_passes(&m);
    m.p[first + 13] = 0x21; /* refines bit 1 of means of which nothing is known */
    assert_refused(&m, 304);
    m.p[first + 13] = 0x0e; /* a shift of 14 bits */
    assert_refused(&m, 304);
    m.p[first + 13] = 1;
    m.p[first + 12] = 5; /* means and details in one scan */
    assert_refused(&m, 304);
    made_free(&m);
}

/* 16 units in a row of 128 pixels, restarts every 4: 3 markers. */
static void restarts(void **state) {
    (void)state;
    made   m = make_jpeg(128, 8, TJSAMP_444, 0);
    size_t sos = find_marker(&m, SOS, 0);
    made_splice(&m, sos, 0, "\xff\xdd\0\4\0\4", 6); /* announced, but none there */
    assert_refused(&m, 304);
    size_t data = sos + 6 + 2 + gd_be16(m.p + sos + 8);
    made_splice(&m, data + 4, 0, "\xff\xd0\xff\xd1\xff\xd2", 6);
    assert_passes(&m);
    m.p[data + 4 + 3] = 0xd4; /* out of order */
    assert_refused(&m, 304);
    m.p[data + 4 + 3] = 0xd1;
    made_splice(&m, data + 10, 0, "\xff\xd3", 2); /* one at the end is tolerated ... */
    assert_passes(&m);
    made_splice(&m, data + 12, 0, "\xff\xd4", 2); /* ... two are not */
    assert_refused(&m, 304);
    made_free(&m);
    m = make_jpeg(128, 8, TJSAMP_444, 0);
    made_splice(&m, m.n - 2, 0, "\xff\xd0", 2); /* never announced */
    assert_refused(&m, 304);
    made_free(&m);
}

static void structure(void **state) {
    (void)state;
    made m = make_jpeg(40, 40, TJSAMP_444, 0);
    m.n -= 2; /* no end */
    assert_refused(&m, 303);
    m.n += 2;
    size_t sof = find_marker(&m, SOF0, 0);
    made_splice(&m, sof, 0, "\0\0", 2); /* stray bytes between segments */
    assert_refused(&m, 304);
    made_splice(&m, sof, 2, "\xff\xff\xff", 3); /* fill bytes are legal */
    assert_passes(&m);
    sof = find_marker(&m, SOF0, 0);
    size_t n = 2 + gd_be16(m.p + sof + 2);
    made_splice(&m, sof, 0, m.p + sof, n); /* two frame headers */
    assert_refused(&m, 304);
    made_splice(&m, sof, 2 * n, "", 0); /* none */
    assert_refused(&m, 304);
    made_free(&m);
    m = make_jpeg(40, 40, TJSAMP_444, 0);
    size_t sos = find_marker(&m, SOS, 0);
    made_splice(&m, sos, m.n - 2 - sos, "", 0); /* no scan */
    assert_refused(&m, 304);
    made_free(&m);
    /* The second and third component are never coded. */
    m = make_jpeg(40, 40, TJSAMP_444, 0);
    sos = find_marker(&m, SOS, 0);
    made_splice(&m, sos + 2, 12, "\0\x08\1\1\0\0\x3f\0", 8);
    assert_refused(&m, 304);
    made_free(&m);
    /* Bytes behind the end are somebody else's. */
    m = make_jpeg(40, 40, TJSAMP_444, 0);
    made_splice(&m, m.n, 0, "trailing", 8);
    assert_passes(&m);
    made_free(&m);
}

static void warnings_of_the_walk(void **state) {
    (void)state;
    gd_source s;
    gd_error  err;
    made      m = make_jpeg(40, 40, TJSAMP_444, 0);
    made_splice(&m, 2, 0, "\xff\xe2\0\x08MPF\0II", 10);
    gd_assert_ok(door(&m, false, &s, &err), &err);
    assert_true(s.multiple);
    assert_non_null(strstr(s.warnings[0], "only the first"));
    made_splice(&m, 2, 10,
                "\xff\xe1\0\x0a"
                "Exif\0\0??",
                12);
    gd_assert_ok(door(&m, false, &s, &err), &err);
    assert_int_equal(s.orientation, 1);
    assert_non_null(strstr(s.warnings[0], "EXIF"));
    made_free(&m);
    /* A progressive file without its last scans. */
    m = make_jpeg(64, 64, TJSAMP_444, TJFLAG_PROGRESSIVE);
    size_t at = 0, last = 0;
    for (size_t i = 0; i + 1 < m.n; i++)
        if (m.p[i] == 0xff && (m.p[i + 1] == SOS || m.p[i + 1] == DHT)) last = at, at = i;
    made_splice(&m, last, m.n - 2 - last, "", 0);
    gd_assert_ok(door(&m, false, &s, &err), &err);
    assert_int_equal(s.n_warnings, 1);
    assert_non_null(strstr(s.warnings[0], "refinements"));
    made_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_files_pass),
        cmocka_unit_test(huffman_overflow),
        cmocka_unit_test(indices_and_counts),
        cmocka_unit_test(kinds_that_are_not_read),
        cmocka_unit_test(caps),
        cmocka_unit_test(progression_in_order),
        cmocka_unit_test(restarts),
        cmocka_unit_test(structure),
        cmocka_unit_test(warnings_of_the_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
