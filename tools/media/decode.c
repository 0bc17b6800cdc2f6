/* decode.c -- runs the right decoder and greys what a truncated file lacks; see decode.h. */
#include "tools/media/decode.h"

#include <string.h>
#include <turbojpeg.h>

#include "engine/mem.h"

enum { GREY = 128 };

/* ---- JPEG -------------------------------------------------------------------------------- */

/* TurboJPEG gives CMYK as stored, that is inverted: c = 255 - cyan. As PIL converts it:
 * red = k - (255 - c) * k / 255, the division rounded. */
static void cmyk_to_rgb(const uint8_t *src, size_t n, uint8_t *dst) {
    for (; n > 0; n--, src += 4, dst += 3)
        for (int i = 0; i < 3; i++) {
            unsigned t = (255u - src[i]) * src[3] + 128;
            dst[i] = (uint8_t)(src[3] - (((t >> 8) + t) >> 8));
        }
}

/* Why TurboJPEG gave up. It reports a lack of memory only in its text. */
static gd_status turbo_fail(tjhandle tj, gd_error *err) {
    const char *text = tjGetErrorStr2(tj);
    if (strncmp(text, "Insufficient memory", 19) == 0)
        return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory to decode it");
    return gd_fail_code(err, GD_ERR_FORMAT, 307, "JPEG: %s", text);
}

gd_status gd_decode_jpeg(const gd_source *s, const unsigned char *data, uint8_t *dst,
                         gd_error *err) {
    gd_status st = GD_OK;
    bool      cmyk = s->components == 4;
    size_t    pixels = (size_t)s->width * (size_t)s->height;
    uint8_t  *ink = cmyk ? gd_mem_get(4 * pixels) : NULL;
    /* The pixels of PIL and OpenCV: accurate DCT, fancy upsampling (the default). A warning is
     * damage that libjpeg has papered over, so it is an error, except behind a known cut. */
    int      flags = TJFLAG_ACCURATEDCT | (s->truncated ? 0 : TJFLAG_STOPONWARNING);
    tjhandle tj = tjInitDecompress();
    if (!tj || (cmyk && !ink)) {
        st = gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory to decode it");
        goto done;
    }
    if (tjDecompress2(tj, data, (unsigned long)s->usable, cmyk ? ink : dst, s->width, 0,
                      s->height, cmyk ? TJPF_CMYK : TJPF_RGB, flags) != 0 &&
        !(s->truncated && tjGetErrorCode(tj) == TJERR_WARNING)) {
        st = turbo_fail(tj, err);
        goto done;
    }
    if (cmyk) cmyk_to_rgb(ink, pixels, dst);
done:
    if (tj) tjDestroy(tj);
    gd_mem_put(ink);
    return st;
}

/* ---- truncated files --------------------------------------------------------------------- */

/* Row of pass `*pass` that pixel (x, y) of an interlaced PNG comes from (Adam7). */
static int adam7_row(int x, int y, int *pass) {
    static const uint8_t of[8][8] = {{0, 5, 3, 5, 1, 5, 3, 5}, {6, 6, 6, 6, 6, 6, 6, 6},
                                     {4, 5, 4, 5, 4, 5, 4, 5}, {6, 6, 6, 6, 6, 6, 6, 6},
                                     {2, 5, 3, 5, 2, 5, 3, 5}, {6, 6, 6, 6, 6, 6, 6, 6},
                                     {4, 5, 4, 5, 4, 5, 4, 5}, {6, 6, 6, 6, 6, 6, 6, 6}};
    static const int     y0[] = {0, 0, 4, 0, 2, 0, 1}, dy[] = {8, 8, 8, 4, 4, 2, 2};
    *pass = of[y % 8][x % 8];
    return (y - y0[*pass]) / dy[*pass];
}

static void grey_missing(const gd_source *s, uint8_t *dst) {
    size_t row = 3 * (size_t)s->width;
    if (!s->interlaced) {
        size_t missing = row * (size_t)(s->height - s->rows[0]);
        memset(s->bottom_up ? dst : dst + row * (size_t)s->rows[0], GREY, missing);
        return;
    }
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++, dst += 3) {
            int pass, at = adam7_row(x, y, &pass);
            if (at >= s->rows[pass]) memset(dst, GREY, 3);
        }
}

/* ---- all formats ------------------------------------------------------------------------- */

/* A sound PNG of the rows that are there, the others 0: stb_image refuses a cut stream. */
static gd_status rebuild_png(const gd_source *s, const unsigned char *data, unsigned char **out,
                             size_t *size, gd_error *err) {
    enum { HEAD = 8 + 12 + 13, BLOCK = 65535, FRAME = 2 + 4 + 12 + 12 };
    gd_png_inflated r;
    size_t          raw = 0, keep = 0;
    for (int i = 0; i < GD_PNG_PASSES; i++) {
        int    pw, ph;
        size_t row;
        gd_png_pass(s, i, &pw, &ph, &row);
        raw += row * (size_t)ph;
        keep += row * (size_t)s->rows[i]; /* 0 for all passes behind an incomplete one */
    }
    size_t         stream = raw + 5 * (raw / BLOCK + 1);
    unsigned char *png = gd_mem_get_zero(HEAD + stream + FRAME), *rows = gd_mem_get_zero(raw);
    gd_status      st = GD_OK;
    if (!png || !rows || !gd_png_inflate(data, s->usable, rows, raw, &r)) {
        st = gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory to rebuild it");
        goto done;
    }
    memset(rows + keep, 0, raw - keep);
    memcpy(png, data, HEAD);
    unsigned char *p = png + HEAD;
    size_t         length = 2 + stream + 4;
    for (int i = 0; i < 4; i++) p[i] = (unsigned char)(length >> (24 - 8 * i));
    memcpy(p + 4, "IDAT\x78\x01", 6);
    p += 10;
    for (size_t at = 0; at <= raw; at += BLOCK) { /* stored blocks, RFC 1951 3.2.4 */
        size_t n = raw - at < BLOCK ? raw - at : BLOCK;
        bool   last = raw - at <= BLOCK;
        p[0] = last;
        p[1] = (unsigned char)n;
        p[2] = (unsigned char)(n >> 8);
        p[3] = (unsigned char)~p[1];
        p[4] = (unsigned char)~p[2];
        memcpy(p + 5, rows + at, n);
        p += 5 + n;
        if (last) break;
    }
    p = png + HEAD + 8 + length + 4; /* behind checksums that stb_image does not read */
    memcpy(p + 4, "IEND", 4);
    *out = png;
    *size = (size_t)(p + 12 - png);
    png = NULL;
done:
    gd_mem_put(rows);
    gd_mem_put(png);
    return st;
}

gd_status gd_decode(const gd_source *s, unsigned char *data, uint8_t *dst, gd_error *err) {
    unsigned char *whole = NULL;
    size_t         n = s->usable;
    gd_status      st = GD_OK;
    if (s->format == GD_SOURCE_JPEG) return gd_decode_jpeg(s, data, dst, err);
    if (s->truncated && s->format == GD_SOURCE_PNG) {
        GD_TRY(rebuild_png(s, data, &whole, &n, err));
    } else if (s->truncated) {
        n = s->padded;
        whole = gd_mem_get_zero(n);
        if (!whole) return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory to decode it");
        memcpy(whole, data, s->usable);
    }
    st = gd_decode_stb(s, whole ? whole : data, n, dst, err);
    if (st == GD_OK && s->truncated) grey_missing(s, dst);
    gd_mem_put(whole);
    return st;
}
