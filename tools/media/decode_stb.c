/* decode_stb.c -- PNG, BMP, TGA and PNM through stb_image, its other decoders compiled out.
 *
 * The distribution's stb_image 2.27 has known memory errors in its JPEG, GIF, PSD, HDR and PIC
 * decoders; this file does not compile when one of them is present. */
#include <string.h>

#include "engine/mem.h"
#include "tools/media/decode.h"

/* stb_image does not always say that memory ended: its reason may be an older one. */
static _Thread_local bool no_memory;

static void *watched(void *p) {
    no_memory |= !p;
    return p;
}

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_JPEG
#define STBI_NO_GIF
#define STBI_NO_PSD
#define STBI_NO_HDR
#define STBI_NO_PIC
#define STBI_NO_LINEAR
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 65535
#define STBI_ASSERT(x) GD_ASSERT(x)
#define STBI_MALLOC(n) watched(gd_mem_get(n))
#define STBI_REALLOC_SIZED(p, old, n) watched(gd_mem_grow(p, old, n))
#define STBI_FREE(p) gd_mem_put(p)
/* It declares more than it defines, and reads callbacks only where it has set them. Both are
 * reported at the end of this file, so no pop. */
#pragma GCC diagnostic ignored "-Wunused-function"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <stb_image.h>

/* Each name is a function of stb_image if its decoder is there: then this is an error. */
enum { stbi__jpeg_test, stbi__gif_test, stbi__psd_test, stbi__hdr_test, stbi__pic_test };

/* Alpha is dropped, not blended, so tRNS only costs stb_image a pass: it is renamed to a chunk
 * that is ignored. A palette picture is read as indices, so that each can be checked. */
static void prepare_png(const gd_source *s, unsigned char *p, size_t n) {
    enum { COLOUR_TYPE = 25 };
    if (s->colour == 3) p[COLOUR_TYPE] = 0;
    for (size_t at = 8; n - at >= 12; at += 12 + (size_t)gd_be32(p + at)) {
        if (memcmp(p + at + 4, "tRNS", 4) == 0) memcpy(p + at + 4, "gdRN", 4);
        if (gd_be32(p + at) > n - at - 12) break;
    }
}

/* stb_image has scaled indices of less than 8 bits to 0..255. */
static gd_status colour_indices(const gd_source *s, const stbi_uc *src, uint8_t *dst,
                                gd_error *err) {
    unsigned scale = 255u / ((1u << s->depth) - 1);
    size_t   count = (size_t)s->width * (size_t)s->height;
    for (size_t i = 0; i < count; i++, dst += 3) {
        unsigned v = src[i] / scale;
        if (v >= (unsigned)s->n_palette)
            return gd_fail_code(err, GD_ERR_FORMAT, 304, "PNG: colour %u of a palette of %d", v,
                                s->n_palette);
        memcpy(dst, s->palette + 3 * (size_t)v, 3);
    }
    return GD_OK;
}

gd_status gd_decode_stb(const gd_source *s, unsigned char *data, size_t n, uint8_t *dst,
                        gd_error *err) {
    bool      indexed = s->format == GD_SOURCE_PNG && s->colour == 3;
    int       w = 0, h = 0, stored = 0;
    gd_status st = GD_OK;
    if (s->format == GD_SOURCE_PNG) prepare_png(s, data, n);
    no_memory = false;
    stbi_uc *px = stbi_load_from_memory(data, (int)n, &w, &h, &stored, indexed ? 1 : 3);
    if (!px) {
        if (no_memory) return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory to decode it");
        const char *why = stbi_failure_reason();
        return gd_fail_code(err, GD_ERR_FORMAT, 307, "%s: %s", gd_source_format_name(s->format),
                            why ? why : "not decoded");
    }
    if (w != s->width || h != s->height)
        st =
            gd_fail_code(err, GD_ERR_FORMAT, 307, "decoded to %d x %d, its header says %d x %d",
                         w, h, s->width, s->height);
    else if (indexed)
        st = colour_indices(s, px, dst, err);
    else
        memcpy(dst, px, 3 * (size_t)w * (size_t)h);
    stbi_image_free(px);
    return st;
}
