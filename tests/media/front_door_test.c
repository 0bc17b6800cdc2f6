/* front_door_test.c -- content decides; named refusals, caps, every truncation. */
#include "tests/media/make.h"

#include <malloc.h>
#include <time.h>

#include "tools/media/decode.h"
#include "tools/media/picture.h"

static void names_what_it_refuses(void **state) {
    (void)state;
    const struct {
        const char *bytes;
        size_t      n;
        const char *says;
    } cases[] = {
        {"GIF89a............", 18, "GIF"},
        {"GIF87a............", 18, "GIF"},
        {"8BPS\0\1..........", 16, "PSD"},
        {"#?RADIANCE\n", 11, "HDR"},
        {"\x53\x80\xf6\x34....", 8, "PIC"},
        {"RIFF....WEBPVP8 ", 16, "WebP"},
        {"II*\0............", 16, "TIFF"},
        {"MM\0*............", 16, "TIFF"},
        {"....ftypheic....", 16, "HEIC"},
        {"....ftypavif....", 16, "AVIF"},
        {"....ftypisom....", 16, "video"},
        {"%PDF-1.4\n", 9, "PDF"},
        {"\xff\x4f\xff\x51....", 8, "JPEG 2000"},
        {"\0\0\1\0\1\0....", 10, "icon"},
        {"version https://git-lfs.github.com", 34, "LFS"},
        {"<!DOCTYPE html>", 15, "web page"},
        {"PK\3\4....", 8, "zip"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made      m = {(unsigned char *)(uintptr_t)cases[i].bytes, cases[i].n};
        gd_source s;
        gd_error  err;
        assert_int_equal(door(&m, false, &s, &err), GD_ERR_UNSUPPORTED);
        assert_int_equal(err.code, 302);
        if (!strstr(err.msg, cases[i].says)) fail_msg("%s lacks %s", err.msg, cases[i].says);
    }
}

static void unknown_bytes(void **state) {
    (void)state;
    const char *cases[] = {"",  "x",  "plain text\n", "\1\2\3\4\5\6\7",
                           "P", "BN", "\xff\xd8",     "\x89PNG"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made m = {(unsigned char *)(uintptr_t)cases[i], strlen(cases[i])};
        assert_refused(&m, 301);
    }
}

static uint8_t *decode(const made *m, const gd_source *s) {
    uint8_t       *px = malloc(3 * (size_t)s->width * (size_t)s->height);
    unsigned char *copy = malloc(s->usable);
    gd_error       err = {0};
    memcpy(copy, m->p, s->usable);
    memset(px, 77, 3 * (size_t)s->width * (size_t)s->height);
    if (gd_decode(s, copy, px, &err) != GD_OK) {
        free(px);
        px = NULL;
    }
    free(copy);
    return px;
}

/* Cuts the file at each length. By default each is an error. When cuts are allowed, the rows
 * that are there are those of the whole picture and the others grey; of JPEG only an end is
 * promised. */
static void cut_everywhere(made *m) {
    gd_source whole, s;
    gd_error  err;
    size_t    n = m->n, accepted = 0;
    gd_assert_ok(door(m, false, &whole, &err), &err);
    uint8_t *full = decode(m, &whole);
    assert_non_null(full);
    size_t row = 3 * (size_t)whole.width;
    for (m->n = 0; m->n < n; m->n++) {
        if (door(m, false, &s, &err) == GD_OK) {
            /* What is missing may be no part of the picture: then it says so elsewhere. */
            fail_msg("%s of %zu bytes passes at %zu", gd_source_format_name(whole.format), n,
                     m->n);
        }
        assert_true(err.code == 303 || err.code == 301 || err.code == 304);
        if (door(m, true, &s, &err) != GD_OK) continue;
        assert_true(s.truncated);
        assert_non_null(strstr(s.warnings[s.n_warnings - 1], "truncated"));
        uint8_t *px = decode(m, &s);
        assert_non_null(px);
        accepted++;
        if (s.format == GD_SOURCE_JPEG) {
            free(px);
            continue;
        }
        for (int y = 0; y < s.height; y++) {
            bool     there = s.bottom_up ? y >= s.height - s.rows[0] : y < s.rows[0];
            uint8_t *got = px + row * (size_t)y;
            if (there) assert_memory_equal(got, full + row * (size_t)y, row);
            for (size_t k = 0; !there && k < row; k++) assert_int_equal(got[k], 128);
        }
        free(px);
    }
    m->n = n;
    assert_true(accepted > n / 4);
    free(full);
    made_free(m);
}

static void truncated_everywhere(void **state) {
    (void)state;
    made all[] = {
        make_jpeg(40, 24, TJSAMP_420, 0),
        make_jpeg(24, 24, TJSAMP_444, TJFLAG_PROGRESSIVE),
        make_encoded(GD_ENCODE_PNG, 19, 12),
        make_encoded(GD_ENCODE_BMP, 19, 12),
        make_tga(19, 12, false),
        make_tga(19, 12, true),
        make_ppm(19, 12),
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) cut_everywhere(&all[i]);
}

/* The grey of an interlaced picture lies where the passes that are missing would be. */
static void truncated_interlaced(void **state) {
    (void)state;
    enum { W = 11, H = 9 };
    static const int x0[] = {0, 4, 0, 2, 0, 1, 0}, y0[] = {0, 0, 4, 0, 2, 0, 1};
    static const int dx[] = {8, 8, 4, 4, 2, 2, 1}, dy[] = {8, 8, 8, 4, 4, 2, 2};
    unsigned char    raw[4 * W * H] = {0}, z[8 * W * H];
    size_t           n = 0, ends[64], rows = 0;
    int              last[64][2];
    for (int p = 0; p < 7; p++)
        for (int y = y0[p]; y < H; y += dy[p]) {
            if (x0[p] >= W) continue;
            raw[n++] = 0;
            for (int x = x0[p]; x < W; x += dx[p])
                for (int c = 0; c < 3; c++) raw[n++] = (unsigned char)(x * 16 + y + 1);
            last[rows][0] = p, last[rows][1] = y;
            ends[rows++] = n;
        }
    uLongf zn = sizeof z;
    assert_int_equal(compress2(z, &zn, raw, n, 0),
                     Z_OK); /* stored: 2 + 5 bytes, then the rows */
    made m = make_encoded(GD_ENCODE_PNG, W, H);
    m.p[28] = 1;
    mend_crc(&m, 8);
    made_splice(&m, 33, m.n - 33, "", 0);
    add_chunk(&m, 33, "IDAT", z, zn);
    add_chunk(&m, m.n, "IEND", "", 0);
    assert_passes(&m);
    for (size_t r = 0; r + 1 < rows; r++) {
        gd_source s;
        gd_error  err;
        m.n = 33 + 8 + 7 + ends[r];
        gd_assert_ok(door(&m, true, &s, &err), &err);
        uint8_t *px = decode(&m, &s);
        assert_non_null(px);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                bool there = false; /* is (x, y) in a row up to the r-th? */
                for (size_t k = 0; k <= r; k++)
                    there |= last[k][1] == y && x >= x0[last[k][0]] &&
                             (x - x0[last[k][0]]) % dx[last[k][0]] == 0;
                assert_int_equal(px[3 * (y * W + x)], there ? x * 16 + y + 1 : 128);
            }
        free(px);
    }
    made_free(&m);
}

static void sizes_from_1_to_the_limit(void **state) {
    (void)state;
    const int sides[][2] = {{1, 1}, {1, 65535}, {65535, 1}, {3, 3}, {255, 2}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        for (int f = GD_ENCODE_PNG; f <= GD_ENCODE_BMP; f++) {
            gd_source s;
            gd_error  err;
            made      m = make_encoded((gd_encode_format)f, sides[i][0], sides[i][1]);
            gd_assert_ok(door(&m, false, &s, &err), &err);
            uint8_t *px = decode(&m, &s), *want = make_pixels(s.width, s.height);
            assert_memory_equal(px, want, 3 * (size_t)s.width * (size_t)s.height);
            free(px);
            free(want);
            made_free(&m);
        }
    made m = make_ppm(2, 2);
    made_splice(&m, 3, 1, "65536", 5);
    assert_refused(&m, 305);
    made_splice(&m, 3, 5, "16385", 5); /* 16385 * 16384 is just above 2^28 */
    made_splice(&m, 9, 1, "16384", 5);
    assert_refused(&m, 305);
    made_splice(&m, 3, 5, "99999999999999999999", 20);
    assert_refused(&m, 305);
    made_free(&m);
}

/* ---- R5: what headers claim costs nothing ------------------------------------------------ */

typedef struct gauge {
    size_t live, peak;
} gauge;

static void *gauge_get(void *ctx, size_t n) {
    gauge *g = ctx;
    void  *p = aligned_alloc(64, n);
    g->live += malloc_usable_size(p);
    if (g->live > g->peak) g->peak = g->live;
    return p;
}

static void gauge_put(void *ctx, void *p) {
    ((gauge *)ctx)->live -= malloc_usable_size(p);
    free(p);
}

/* Read as a command would, in a fresh process; refused in a second with little memory. */
static void cheap_refusal(const made *m, const char *what) {
    gauge          g = {0};
    const gd_alloc hook = {&g, gauge_get, gauge_put};
    gd_decoder    *d;
    gd_picture     pic = {0};
    gd_error       err = {0};
    unsigned char *copy = malloc(m->n);
    size_t         n = m->n;
    memcpy(copy, m->p, n);
    gd_mem_hook(&hook);
    gd_decoder_options opt = {.in_process = true};
    gd_assert_ok(gd_decoder_open(&opt, &d, &err), &err);
    clock_t   before = clock();
    gd_status st = gd_decoder_read_memory(d, copy, n, "x", NULL, &pic, &err);
    double    s = (double)(clock() - before) / CLOCKS_PER_SEC;
    gd_decoder_close(d);
    gd_picture_free(&pic);
    gd_mem_hook(NULL);
    free(copy);
    if (st == GD_OK) fail_msg("%s passes", what);
    if (s > 1.0) fail_msg("%s: refused after %.2f s", what, s);
    if (g.peak > n + (64u << 20)) fail_msg("%s: %zu bytes at the peak", what, g.peak);
}

static void with_big_sides(made m, size_t at, bool big_endian, unsigned v, const char *what) {
    for (size_t i = 0; i < 2; i++) {
        m.p[at + 2 * i + (big_endian ? 0 : 1)] = (unsigned char)(v >> 8);
        m.p[at + 2 * i + (big_endian ? 1 : 0)] = (unsigned char)v;
    }
    unsigned char *kept = malloc(m.n); /* outside of the counted heap */
    memcpy(kept, m.p, m.n);
    size_t n = m.n;
    made_free(&m);
    m = (made){kept, n};
    cheap_refusal(&m, what);
    free(kept);
}

static void claims_cost_nothing(void **state) {
    (void)state;
    for (unsigned v = 16000; v <= 65500; v += 49500) {
        made m = make_jpeg(8, 8, TJSAMP_444, 0);
        with_big_sides(m, find_marker(&m, 0xc0, 0) + 5, true, v, "a JPEG");
        m = make_jpeg(8, 8, TJSAMP_444, TJFLAG_PROGRESSIVE);
        with_big_sides(m, find_marker(&m, 0xc2, 0) + 5, true, v, "a progressive JPEG");
        with_big_sides(make_tga(8, 8, false), 12, false, v, "a TGA");
        with_big_sides(make_tga(8, 8, true), 12, false, v, "a TGA in runs");
    }
    /* A PNG of 16000 x 16000 whose stream of zeros ends a byte early: the dearest refusal. */
    enum { SIDE = 16000 };
    made           m = make_encoded(GD_ENCODE_PNG, 8, 8);
    z_stream       z = {0};
    size_t         raw = (size_t)SIDE * (1 + SIDE / 8) - 1, room = raw / 900 + 1000;
    unsigned char *zeros = calloc(1, raw), *packed = malloc(room);
    put_be32(m.p + 16, SIDE), put_be32(m.p + 20, SIDE);
    m.p[24] = 1, m.p[25] = 0;
    mend_crc(&m, 8);
    assert_int_equal(deflateInit(&z, 9), Z_OK);
    z.next_in = zeros, z.avail_in = (uInt)raw, z.next_out = packed, z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    made_splice(&m, 33, m.n - 33, "", 0);
    add_chunk(&m, 33, "IDAT", packed, z.total_out);
    add_chunk(&m, m.n, "IEND", "", 0);
    deflateEnd(&z);
    free(zeros);
    free(packed);
    unsigned char *kept = malloc(m.n);
    memcpy(kept, m.p, m.n);
    made flat = {kept, m.n};
    made_free(&m);
    cheap_refusal(&flat, "a PNG");
    free(kept);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_what_it_refuses),     cmocka_unit_test(unknown_bytes),
        cmocka_unit_test(truncated_everywhere),      cmocka_unit_test(truncated_interlaced),
        cmocka_unit_test(sizes_from_1_to_the_limit), cmocka_unit_test(claims_cost_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
