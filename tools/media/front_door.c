/* front_door.c -- tells what a picture's bytes are, has them walked; see front_door.h. */
#include "tools/media/front_door.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/safe.h"

/* What is recognised only to be refused by its name. */
typedef struct known_format {
    const char *magic;
    unsigned    at, length;
    const char *name;
} known_format;

static const known_format refused[] = {
    {"GIF87a", 0, 6, "GIF"},
    {"GIF89a", 0, 6, "GIF"},
    {"8BPS", 0, 4, "Photoshop PSD"},
    {"#?RADIANCE", 0, 10, "Radiance HDR"},
    {"#?RGBE", 0, 6, "Radiance HDR"},
    {"\x53\x80\xf6\x34", 0, 4, "Softimage PIC"},
    {"WEBP", 8, 4, "WebP"},
    {"II*\0", 0, 4, "TIFF"},
    {"MM\0*", 0, 4, "TIFF"},
    {"II+\0", 0, 4, "BigTIFF"},
    {"MM\0+", 0, 4, "BigTIFF"},
    {"ftypheic", 4, 8, "HEIC"},
    {"ftypheix", 4, 8, "HEIC"},
    {"ftyphevc", 4, 8, "HEIC"},
    {"ftypmif1", 4, 8, "HEIF"},
    {"ftypmsf1", 4, 8, "HEIF"},
    {"ftypavif", 4, 8, "AVIF"},
    {"ftypavis", 4, 8, "AVIF"},
    {"ftyp", 4, 4, "MP4 or QuickTime video"},
    {"\x1a\x45\xdf\xa3", 0, 4, "Matroska or WebM video"},
    {"AVI ", 8, 4, "AVI video"},
    {"%PDF-", 0, 5, "PDF"},
    {"\xff\x4f\xff\x51", 0, 4, "JPEG 2000"},
    {"\0\0\0\x0cjP  ", 0, 8, "JPEG 2000"},
    {"\xff\x0a", 0, 2, "JPEG XL"},
    {"\0\0\0\x0cJXL ", 0, 8, "JPEG XL"},
    {"\0\0\x01\0", 0, 4, "Windows icon"},
    {"qoif", 0, 4, "QOI"},
    {"\x76\x2f\x31\x01", 0, 4, "OpenEXR"},
    {"DDS ", 0, 4, "DDS"},
    {"\x8aMNG\r\n", 0, 6, "MNG"},
    {"PK\x03\x04", 0, 4, "zip archive"},
    {"\x1f\x8b", 0, 2, "gzip"},
    {"version https://git-lfs", 0, 23,
     "Git LFS pointer (fetch the real file with git lfs pull)"},
    {"<!DOCTYPE", 0, 9, "web page"},
    {"<html", 0, 5, "web page"},
    {"<svg", 0, 4, "SVG drawing"},
    {"<?xml", 0, 5, "XML file"},
};

const char *gd_source_format_name(gd_source_format f) {
    static const char *const names[] = {"?", "JPEG", "PNG", "BMP", "TGA", "PNM"};
    return names[(unsigned)f < sizeof names / sizeof *names ? (unsigned)f : 0];
}

void gd_walk_warn(gd_walk *w, const char *fmt, ...) {
    gd_source *s = w->s;
    if (s->n_warnings >= GD_PICTURE_NOTES) return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(s->warnings[s->n_warnings++], sizeof s->warnings[0], fmt, ap);
    va_end(ap);
}

gd_status gd_walk_fail(const gd_walk *w, gd_status st, int code, const char *file, int line,
                       const char *fmt, ...) {
    char    text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    gd_fail_at(w->err, st, code, file, line, "%s: %s", w->name, text);
    if (code == 303) gd_error_hint(w->err, "--allow-truncated fills what is missing with grey");
    return st;
}

gd_status gd_walk_size(gd_walk *w, uint64_t width, uint64_t height) {
    if (width == 0 || height == 0)
        return gd_walk_damaged(w, "a picture of %llu x %llu pixels", (unsigned long long)width,
                               (unsigned long long)height);
    if (width > GD_PICTURE_SIDE || height > GD_PICTURE_SIDE ||
        width * height > GD_PICTURE_PIXELS)
        return gd_walk_fail(w, GD_ERR_UNSUPPORTED, 305, __FILE__, __LINE__,
                            "%llu x %llu pixels; the limits are %d a side and %d in all",
                            (unsigned long long)width, (unsigned long long)height,
                            GD_PICTURE_SIDE, GD_PICTURE_PIXELS);
    w->s->width = (int)width;
    w->s->height = (int)height;
    return GD_OK;
}

gd_status gd_walk_rows(gd_walk *w, uint64_t at, uint64_t row_bytes) {
    gd_source *s = w->s;
    uint64_t   need; /* row_bytes is at most 65535 * 4 + 3, so the product is small */
    if (!gd_mul_u64(row_bytes, (uint64_t)s->height, &need) || !gd_add_u64(need, at, &need))
        return gd_walk_damaged(w, "a picture of %d rows does not fit", s->height);
    s->usable = w->n;
    s->padded = (size_t)need;
    s->rows[0] = s->height;
    if (need <= w->n) return GD_OK;
    uint64_t whole = at < w->n ? (w->n - at) / row_bytes : 0;
    if (!w->allow_truncated || whole == 0)
        return gd_walk_short(w, "%s ends at byte %zu; its %d rows end at byte %llu",
                             gd_source_format_name(s->format), w->n, s->height,
                             (unsigned long long)need);
    s->rows[0] = (int)whole;
    s->truncated = true;
    return GD_OK;
}

static gd_status refuse(const gd_walk *w) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const known_format *k = &refused[i];
        if (!gd_span_ok(k->at, k->length, w->n) ||
            memcmp(w->p + k->at, k->magic, k->length) != 0)
            continue;
        gd_status st = gd_walk_fail(w, GD_ERR_UNSUPPORTED, 302, __FILE__, __LINE__,
                                    "is a %s, which is not read", k->name);
        gd_error_hint(w->err, "pictures may be JPEG, PNG, BMP, TGA or PNM");
        return st;
    }
    bool text = true;
    for (size_t i = 0; i < w->n && i < 256; i++)
        text &= w->p[i] >= 0x20 || (w->p[i] >= '\t' && w->p[i] <= '\r');
    gd_status st =
        w->n == 0
            ? gd_walk_fail(w, GD_ERR_FORMAT, 301, __FILE__, __LINE__, "is empty")
            : gd_walk_fail(w, GD_ERR_FORMAT, 301, __FILE__, __LINE__, "is %s, not a picture",
                           text ? "text" : "of no format known here");
    gd_error_hint(w->err, "pictures may be JPEG, PNG, BMP, TGA or PNM");
    return st;
}

/* A truncated picture is named by its magic number even when that is all there is. */
static gd_source_format sniff(const unsigned char *p, size_t n) {
    static const unsigned char png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (n >= 3 && p[0] == 0xff && p[1] == 0xd8 && p[2] == 0xff) return GD_SOURCE_JPEG;
    if (n >= 8 && memcmp(p, png, 8) == 0) return GD_SOURCE_PNG;
    if (n >= 2 && p[0] == 'B' && p[1] == 'M') return GD_SOURCE_BMP;
    if (n >= 3 && p[0] == 'P' && strchr("1234567FfZ", p[1]) && p[1] &&
        (p[2] == ' ' || p[2] == '#' || (p[2] >= '\t' && p[2] <= '\r')))
        return GD_SOURCE_PNM;
    return GD_SOURCE_NONE;
}

gd_status gd_front_door(const unsigned char *data, size_t size, const char *name,
                        const gd_read_options *opt, gd_source *out, gd_error *err) {
    gd_walk   w = {data, size, name, opt && opt->allow_truncated, out, err};
    gd_status st;
    memset(out, 0, sizeof *out);
    out->orientation = 1;
    out->format = sniff(data, size);
    switch (out->format) {
    case GD_SOURCE_JPEG: st = gd_walk_jpeg(&w); break;
    case GD_SOURCE_PNG: st = gd_walk_png(&w); break;
    case GD_SOURCE_BMP: st = gd_walk_bmp(&w); break;
    case GD_SOURCE_PNM: st = gd_walk_pnm(&w); break;
    default:
        if (!gd_walk_is_tga(data, size)) {
            st = refuse(&w);
            break;
        }
        out->format = GD_SOURCE_TGA;
        st = gd_walk_tga(&w);
        break;
    }
    if (out->padded < out->usable) out->padded = out->usable;
    if (st == GD_OK && out->truncated) gd_walk_warn(&w, "is truncated; the rest is grey");
    return st;
}
