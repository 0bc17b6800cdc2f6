/* make.h -- small pictures of each format, made in memory for the tests of tools/media. */
#ifndef GD_TESTS_MEDIA_MAKE_H
#define GD_TESTS_MEDIA_MAKE_H

#include <turbojpeg.h>
#include <zlib.h>

#include "tests/gd_test.h"

#include "engine/mem.h"
#include "tools/media/encode.h"
#include "tools/media/front_door.h"

/* The file of one picture; bytes by gd_mem_get. */
typedef struct made {
    unsigned char *p;
    size_t         n;
} made;

static inline void made_free(made *m) {
    gd_mem_put(m->p);
    *m = (made){0};
}

/* Smooth colours with an edge, [h, w, 3]; free with free(). */
static inline uint8_t *make_pixels(int w, int h) {
    uint8_t *p = malloc(3 * (size_t)w * (size_t)h);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            uint8_t *q = p + 3 * ((size_t)y * (size_t)w + (size_t)x);
            q[0] = (uint8_t)(x * 255 / w);
            q[1] = (uint8_t)(y * 255 / h);
            q[2] = x > y ? 200 : (uint8_t)(31 * (x + y));
        }
    return p;
}

static inline made make_encoded(gd_encode_format f, int w, int h) {
    uint8_t *px = make_pixels(w, h);
    gd_image im = {px, w, h, 0, 0};
    gd_error err = {0};
    made     m = {0};
    gd_assert_ok(gd_encode_memory(f, &im, &m.p, &m.n, &err), &err);
    free(px);
    return m;
}

/* sampling and flags as TurboJPEG names them. */
static inline made make_jpeg(int w, int h, int sampling, int flags) {
    uint8_t      *px = make_pixels(w, h);
    tjhandle      tj = tjInitCompress();
    made          m = {0};
    unsigned long n = tjBufSize(w, h, sampling);
    m.p = gd_mem_get(n);
    assert_int_equal(tjCompress2(tj, px, w, 0, h, TJPF_RGB, &m.p, &n, sampling, 90,
                                 flags | TJFLAG_NOREALLOC),
                     0);
    tjDestroy(tj);
    free(px);
    m.n = n;
    return m;
}

/* A binary PPM, or a TGA: 24 bits, bottom up, in runs of one pixel where `coded`. */
static inline made make_ppm(int w, int h) {
    uint8_t *px = make_pixels(w, h);
    made     m = {0};
    size_t   n = 3 * (size_t)w * (size_t)h;
    m.p = gd_mem_get(n + 64);
    size_t head = (size_t)snprintf((char *)m.p, 64, "P6\n%d %d\n255\n", w, h);
    memcpy(m.p + head, px, n);
    m.n = head + n;
    free(px);
    return m;
}

static inline made make_tga(int w, int h, bool coded) {
    uint8_t *px = make_pixels(w, h);
    made     m = {0};
    size_t   count = (size_t)w * (size_t)h, at = 18;
    m.p = gd_mem_get_zero(18 + 4 * count);
    m.p[2] = coded ? 10 : 2;
    m.p[12] = (uint8_t)w;
    m.p[14] = (uint8_t)h;
    m.p[16] = 24;
    for (int y = h - 1; y >= 0; y--)
        for (int x = 0; x < w; x++) {
            const uint8_t *q = px + 3 * (size_t)(y * w + x);
            if (coded) m.p[at++] = (uint8_t)(x % 2 ? 0 : 128); /* a run, a raw packet, of one */
            for (int c = 2; c >= 0; c--) m.p[at++] = q[c];
        }
    m.n = at;
    free(px);
    return m;
}

/* Position of marker FF `code` with its segment, from `from` on; fails the test when absent. */
static inline size_t find_marker(const made *m, unsigned code, size_t from) {
    for (size_t i = from; i + 1 < m->n; i++)
        if (m->p[i] == 0xff && m->p[i + 1] == code) return i;
    fail_msg("no marker %02x", code);
    return 0;
}

/* Replaces `cut` bytes at `at` by `n` others. */
static inline void made_splice(made *m, size_t at, size_t cut, const void *src, size_t n) {
    unsigned char *p = gd_mem_get(m->n - cut + n);
    memcpy(p, m->p, at);
    if (n) memcpy(p + at, src, n);
    memcpy(p + at + n, m->p + at + cut, m->n - at - cut);
    gd_mem_put(m->p);
    m->p = p;
    m->n = m->n - cut + n;
}

/* Position of the length of chunk `type` of a PNG. */
static inline size_t find_chunk(const made *m, const char *type) {
    for (size_t at = 8; at + 12 <= m->n; at += 12 + gd_be32(m->p + at))
        if (memcmp(m->p + at + 4, type, 4) == 0) return at;
    fail_msg("no chunk %s", type);
    return 0;
}

static inline void put_be32(unsigned char *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (unsigned char)(v >> (24 - 8 * i));
}

/* Makes the CRC of the chunk at `at` right again. */
static inline void mend_crc(made *m, size_t at) {
    uint32_t n = gd_be32(m->p + at);
    put_be32(m->p + at + 8 + n, (uint32_t)crc32(0, m->p + at + 4, n + 4));
}

static inline void add_chunk(made *m, size_t at, const char *type, const void *src, size_t n) {
    unsigned char *c = gd_mem_get(12 + n);
    put_be32(c, (uint32_t)n);
    memcpy(c + 4, type, 4);
    if (n) memcpy(c + 8, src, n);
    made_splice(m, at, 0, c, 12 + n);
    gd_mem_put(c);
    mend_crc(m, at);
}

/* The front door's answer: GD_OK, or the status with err filled. */
static inline gd_status door(const made *m, bool allow, gd_source *s, gd_error *err) {
    /* An exact copy: reading beyond its end is caught by AddressSanitizer. */
    unsigned char  *copy = malloc(m->n ? m->n : 1);
    gd_read_options opt = {.allow_truncated = allow};
    if (m->n) memcpy(copy, m->p, m->n);
    memset(err, 0, sizeof *err);
    gd_status st = gd_front_door(copy, m->n, "x", &opt, s, err);
    free(copy);
    return st;
}

#define assert_refused(m, want)                                                          \
    do {                                                                                 \
        gd_source s_;                                                                    \
        gd_error  e_;                                                                    \
        if (door((m), false, &s_, &e_) == GD_OK || e_.code != (want))                    \
            fail_msg("line %d: E%d \"%s\", not E%d", __LINE__, e_.code, e_.msg, (want)); \
    } while (0)

#define assert_passes(m)                                                 \
    do {                                                                 \
        gd_source s_;                                                    \
        gd_error  e_;                                                    \
        if (door((m), false, &s_, &e_) != GD_OK) fail_msg("%s", e_.msg); \
    } while (0)

#endif
