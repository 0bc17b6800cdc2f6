/* png.c -- walks the chunks of a PNG file (PNG 1.2 / ISO 15948) before stb_image sees it.
 *
 * Checked here, since stb_image does not: every CRC, the order and number of chunks, the
 * checksum and the exact length of the pixel stream. Compressed text and profiles are never
 * inflated, so they cannot be bombs. */
#include <string.h>
#include <zlib.h>

#include "engine/mem.h"
#include "tools/media/exif.h"
#include "tools/media/front_door.h"

enum { SIGNATURE = 8, CHUNK_HEAD = 8, CHUNK_EXTRA = 12, INFLATE_STATE = 64 * 1024 };

/* stb_image counts in int; half of its range leaves room for its own sums. */
static const uint64_t MAX_RAW = (uint64_t)1 << 30;

typedef struct png {
    gd_walk *w;
    size_t   at, length; /* of the chunk's data */
    char     type[5];
    bool     palette, transparency, data, data_over, ended;
    size_t   first_data; /* position of the first IDAT chunk */
} png;

void gd_png_pass(const gd_source *s, int pass, int *width, int *height, size_t *row_bytes) {
    static const int x0[] = {0, 4, 0, 2, 0, 1, 0}, y0[] = {0, 0, 4, 0, 2, 0, 1};
    static const int dx[] = {8, 8, 4, 4, 2, 2, 1}, dy[] = {8, 8, 8, 4, 4, 2, 2};
    static const int samples[] = {1, 0, 3, 1, 2, 0, 4};
    *width = s->width;
    *height = s->height;
    if (s->interlaced) {
        *width = (s->width - x0[pass] + dx[pass] - 1) / dx[pass];
        *height = (s->height - y0[pass] + dy[pass] - 1) / dy[pass];
    } else if (pass > 0) {
        *width = *height = 0;
    }
    if (*width <= 0 || *height <= 0) *width = *height = 0;
    size_t bits = (size_t)*width * (size_t)samples[s->colour] * (size_t)s->depth;
    *row_bytes = *width ? 1 + (bits + 7) / 8 : 0; /* a filter byte leads every row */
}

static uint64_t raw_size(const gd_source *s) {
    uint64_t total = 0;
    for (int i = 0; i < GD_PNG_PASSES; i++) {
        int    pw, ph;
        size_t row;
        gd_png_pass(s, i, &pw, &ph, &row);
        total += (uint64_t)row * (uint64_t)ph;
    }
    return total;
}

/* Whole rows in the first `got` bytes of the pixel stream; false when there is none. */
static bool count_rows(gd_source *s, uint64_t got) {
    uint64_t sum = 0;
    for (int i = 0; i < GD_PNG_PASSES; i++) {
        int    pw, ph;
        size_t row;
        gd_png_pass(s, i, &pw, &ph, &row);
        uint64_t whole = row ? got / row : 0;
        if (whole > (uint64_t)ph) whole = (uint64_t)ph;
        s->rows[i] = (int)whole;
        got -= whole * row;
        if (whole < (uint64_t)ph) got = 0;
        sum += whole;
    }
    return sum > 0;
}

/* ---- the pixel stream -------------------------------------------------------------------- */

bool gd_png_inflate(const unsigned char *p, size_t n, unsigned char *dst, uint64_t cap,
                    gd_png_inflated *r) {
    unsigned char bin[16384];
    z_stream      z = {.zalloc = gd_mem_zalloc, .zfree = gd_mem_zfree};
    int           st = Z_OK;
    *r = (gd_png_inflated){0};
    if (inflateInit(&z) != Z_OK) {
        r->no_memory = true;
        return false;
    }
    for (size_t at = SIGNATURE; n - at >= CHUNK_HEAD;) {
        size_t length = gd_be32(p + at);
        bool   data = memcmp(p + at + 4, "IDAT", 4) == 0;
        at += CHUNK_HEAD;
        if (length > n - at) length = n - at; /* a cut: what is there */
        if (data && st == Z_STREAM_END) r->left_over += length;
        z.next_in = (Bytef *)(uintptr_t)(p + at);
        z.avail_in = data ? (uInt)length : 0;
        while (data && st == Z_OK && (z.avail_in > 0 || z.avail_out == 0)) {
            /* Behind the last wanted byte the stream is still read, to its checksum. */
            uint64_t room = r->got < cap ? cap - r->got : 0;
            bool     keep = dst && room > 0;
            uInt     most = keep ? (uInt)(room < 1 << 20 ? room : 1 << 20) : (uInt)sizeof bin;
            z.next_out = keep ? dst + r->got : bin;
            z.avail_out = most;
            st = inflate(&z, Z_NO_FLUSH);
            r->got += most - z.avail_out;
            if (st == Z_BUF_ERROR) {
                st = Z_OK;
                break;
            }
            if (r->got > cap) break;
        }
        if (data && st == Z_STREAM_END && z.avail_in > 0) r->left_over += z.avail_in;
        z.avail_in = 0;
        z.avail_out = 1;
        if ((st != Z_OK && st != Z_STREAM_END) || r->got > cap) break;
        at += length;
        if (n - at < 4) break;
        at += 4;
    }
    r->done = st == Z_STREAM_END;
    r->no_memory = st == Z_MEM_ERROR;
    inflateEnd(&z);
    return st == Z_OK || st == Z_STREAM_END;
}

static gd_status check_pixels(png *g, bool cut) {
    gd_walk        *w = g->w;
    gd_source      *s = w->s;
    uint64_t        need = raw_size(s);
    gd_png_inflated r;
    if (!gd_png_inflate(w->p, w->n, NULL, need, &r)) {
        if (r.no_memory)
            return gd_fail_code(w->err, GD_ERR_NOMEM, 600, "%s: no memory to inflate it",
                                w->name);
        return gd_walk_damaged(w, "PNG: its pixel stream is damaged after %llu of %llu bytes",
                               (unsigned long long)r.got, (unsigned long long)need);
    }
    if (r.got > need)
        return gd_walk_damaged(w,
                               "PNG: its pixel stream is longer than the %llu bytes of the "
                               "picture",
                               (unsigned long long)need);
    if (r.left_over)
        gd_walk_warn(w, "%llu stray bytes behind its pixel stream",
                     (unsigned long long)r.left_over);
    if (r.got == need && r.done) return GD_OK;
    if (!cut || r.done)
        return gd_walk_damaged(w, "PNG: its pixel stream ends after %llu of %llu bytes",
                               (unsigned long long)r.got, (unsigned long long)need);
    if (!count_rows(s, r.got))
        return gd_walk_short(w, "PNG ends before its first row of pixels");
    return GD_OK;
}

/* ---- chunks ------------------------------------------------------------------------------ */

static gd_status read_header(png *g) {
    gd_walk              *w = g->w;
    gd_source            *s = w->s;
    const unsigned char  *p = w->p + g->at;
    static const unsigned depths[] = {/* bit d: depth d is allowed for this colour type */
                                      1u << 1 | 1u << 2 | 1u << 4 | 1u << 8 | 1u << 16,
                                      0,
                                      1u << 8 | 1u << 16,
                                      1u << 1 | 1u << 2 | 1u << 4 | 1u << 8,
                                      1u << 8 | 1u << 16,
                                      0,
                                      1u << 8 | 1u << 16};
    if (g->length != 13) return gd_walk_damaged(w, "PNG: IHDR of %zu bytes", g->length);
    GD_TRY(gd_walk_size(w, gd_be32(p), gd_be32(p + 4)));
    if (p[9] > 6 || p[8] > 16 || !(depths[p[9]] >> p[8] & 1))
        return gd_walk_damaged(w, "PNG: colour type %u with %u bits", p[9], p[8]);
    if (p[10] || p[11] || p[12] > 1)
        return gd_walk_damaged(w, "PNG: compression %u, filter %u, interlace %u", p[10], p[11],
                               p[12]);
    if (p[9] == 0 && p[8] == 16) {
        gd_status st = gd_walk_unread(w, "grey PNG of 16 bits is not read");
        gd_error_why(w->err, "readers disagree on how such values become 8 bits");
        gd_error_hint(w->err, "convert it to 8 bits");
        return st;
    }
    s->depth = p[8];
    s->colour = p[9];
    s->interlaced = p[12] == 1;
    if (raw_size(s) > MAX_RAW)
        return gd_walk_fail(w, GD_ERR_UNSUPPORTED, 305, __FILE__, __LINE__,
                            "PNG of %llu bytes of pixels, the limit is %llu",
                            (unsigned long long)raw_size(s), (unsigned long long)MAX_RAW);
    return GD_OK;
}

static gd_status read_palette(png *g) {
    gd_walk *w = g->w;
    if (g->palette || g->data || g->transparency)
        return gd_walk_damaged(w, "PNG: PLTE is out of order");
    if (w->s->colour == 0 || w->s->colour == 4)
        return gd_walk_damaged(w, "PNG: a palette in a grey picture");
    if (g->length == 0 || g->length % 3 || g->length > 768 ||
        (w->s->colour == 3 && g->length / 3 > (size_t)1 << w->s->depth))
        return gd_walk_damaged(w, "PNG: palette of %zu bytes", g->length);
    g->palette = true;
    memcpy(w->s->palette, w->p + g->at, g->length);
    w->s->n_palette = (int)(g->length / 3);
    return GD_OK;
}

static gd_status read_transparency(png *g) {
    gd_walk *w = g->w;
    int      colour = w->s->colour;
    if (g->transparency || g->data || (colour == 3 && !g->palette))
        return gd_walk_damaged(w, "PNG: tRNS is out of order");
    if (colour >= 4) return gd_walk_damaged(w, "PNG: tRNS beside an alpha channel");
    if (colour == 0   ? g->length != 2
        : colour == 2 ? g->length != 6
                      : g->length > (size_t)w->s->n_palette)
        return gd_walk_damaged(w, "PNG: tRNS of %zu bytes", g->length);
    g->transparency = true;
    return GD_OK;
}

static gd_status read_chunk(png *g) {
    gd_walk *w = g->w;
    if (memcmp(g->type, "IDAT", 4) == 0) {
        if (g->data_over) return gd_walk_damaged(w, "PNG: its IDAT chunks are not together");
        if (w->s->colour == 3 && !g->palette)
            return gd_walk_damaged(w, "PNG: no palette before its pixels");
        g->data = true;
        return GD_OK;
    }
    g->data_over = g->data;
    if (memcmp(g->type, "PLTE", 4) == 0) return read_palette(g);
    if (memcmp(g->type, "tRNS", 4) == 0) return read_transparency(g);
    if (memcmp(g->type, "IHDR", 4) == 0) return gd_walk_damaged(w, "PNG: a second IHDR");
    if (memcmp(g->type, "IEND", 4) == 0) {
        if (g->length) return gd_walk_damaged(w, "PNG: IEND of %zu bytes", g->length);
        g->ended = true;
    } else if (memcmp(g->type, "eXIf", 4) == 0) {
        const char *why;
        gd_exif_orientation(w->p + g->at, g->length, &w->s->orientation, &why);
        if (*why) gd_walk_warn(w, "its EXIF block is damaged: %s", why);
    } else if (memcmp(g->type, "acTL", 4) == 0) {
        if (!w->s->multiple) gd_walk_warn(w, "animated PNG: only its first picture is read");
        w->s->multiple = true;
    } else if (memcmp(g->type, "CgBI", 4) == 0) {
        return gd_walk_unread(w, "Apple's private PNG variant (CgBI) is not read");
    } else if (!(g->type[0] & 0x20)) {
        return gd_walk_damaged(w, "PNG: unknown critical chunk %s", g->type);
    }
    return GD_OK;
}

/* Sets *cut when the file ends inside this chunk and that is accepted. */
static gd_status next_chunk(png *g, bool *cut) {
    gd_walk             *w = g->w;
    const unsigned char *p = w->p + g->at;
    size_t               left = w->n - g->at;
    uint32_t             length = left >= 4 ? gd_be32(p) : 0;
    if (left >= CHUNK_HEAD) {
        for (int i = 0; i < 4; i++) {
            unsigned letter = (p[4 + i] | 0x20u) - 'a';
            if (letter > 25)
                return gd_walk_damaged(w, "PNG: no chunk starts at byte %zu", g->at);
            g->type[i] = (char)p[4 + i];
        }
        if (length > INT32_MAX)
            return gd_walk_damaged(w, "PNG: chunk %s of %lu bytes", g->type,
                                   (unsigned long)length);
        if (strcmp(g->type, "IDAT") == 0 && !g->data && g->first_data == 0)
            g->first_data = g->at;
    }
    if (left < CHUNK_EXTRA || left - CHUNK_EXTRA < length) {
        if (!w->allow_truncated || !(g->data || g->first_data))
            return gd_walk_short(w, "PNG ends at byte %zu, inside %s", w->n,
                                 left >= CHUNK_HEAD ? g->type : "a chunk header");
        if (w->s->colour == 3 && !g->palette)
            return gd_walk_damaged(w, "PNG: no palette before its pixels");
        *cut = true;
        return GD_OK;
    }
    uint32_t want = gd_be32(p + CHUNK_HEAD + length);
    uint32_t is = (uint32_t)crc32_z(0, p + 4, (size_t)length + 4);
    if (want != is)
        return gd_walk_damaged(w, "PNG: chunk %s at byte %zu: CRC %08lx, expected %08lx",
                               g->type, g->at, (unsigned long)is, (unsigned long)want);
    g->at += CHUNK_HEAD;
    g->length = length;
    GD_TRY(read_chunk(g));
    g->at += (size_t)length + 4;
    return GD_OK;
}

gd_status gd_walk_png(gd_walk *w) {
    png  g = {.w = w, .at = SIGNATURE};
    bool cut = false;
    w->s->usable = w->n;
    if (w->n - SIGNATURE < CHUNK_EXTRA + 13)
        return gd_walk_short(w, "PNG ends at byte %zu, inside its header", w->n);
    if (memcmp(w->p + SIGNATURE + 4, "CgBI", 4) == 0)
        return gd_walk_unread(w, "Apple's private PNG variant (CgBI) is not read");
    if (memcmp(w->p + SIGNATURE + 4, "IHDR", 4) != 0)
        return gd_walk_damaged(w, "PNG: does not start with IHDR");
    g.length = gd_be32(w->p + SIGNATURE);
    g.at += CHUNK_HEAD;
    if (g.length != 13) return gd_walk_damaged(w, "PNG: IHDR of %zu bytes", g.length);
    if (gd_be32(w->p + g.at + 13) != crc32_z(0, w->p + g.at - 4, 17))
        return gd_walk_damaged(w, "PNG: the CRC of IHDR is wrong");
    GD_TRY(read_header(&g));
    g.at += 13 + 4;
    while (!g.ended && !cut) GD_TRY(next_chunk(&g, &cut));
    if (!g.data && !cut) return gd_walk_damaged(w, "PNG without pixels");
    GD_TRY(check_pixels(&g, cut));
    w->s->truncated = cut;
    uint64_t raw = raw_size(w->s), pixels = (uint64_t)w->s->width * (uint64_t)w->s->height;
    /* stb_image: the joined stream, the inflated rows (both grown by doubling), 16-bit samples,
     * and 4 channels before the last step; a cut file is rebuilt first. */
    w->s->work = 4 * (uint64_t)w->n + 4 * raw + pixels * (w->s->depth == 16 ? 16 : 8);
    return GD_OK;
}
