/* exif.c -- the orientation tag of an EXIF block; see exif.h. */
#include "tools/media/exif.h"

#include <string.h>

/* TIFF 6.0, section 2: a header of 8 bytes, then directories of 12-byte entries. */
enum { HEADER = 8, ENTRY = 12, TYPE_SHORT = 3, TYPE_LONG = 4 };
enum { TAG_ORIENTATION = 0x0112, TAG_EXIF = 0x8769, TAG_GPS = 0x8825 };

static unsigned get16(const unsigned char *p, bool big) {
    return big ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
}

static uint32_t get32(const unsigned char *p, bool big) {
    uint32_t a = get16(p, big), b = get16(p + 2, big);
    return big ? a << 16 | b : b << 16 | a;
}

static gd_exif_result bad(const char **why, const char *text) {
    *why = text;
    return GD_EXIF_BAD;
}

gd_exif_result gd_exif_orientation(const unsigned char *tiff, size_t n, int *orientation,
                                   const char **why) {
    *orientation = 1;
    *why = "";
    if (n < HEADER) return bad(why, "its header is cut short");
    bool big = tiff[0] == 'M';
    if (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0)
        return bad(why, "it does not start with a TIFF header");
    uint32_t at = get32(tiff + 4, big);
    if (at < HEADER || at > n || n - at < 2)
        return bad(why, "its first directory lies outside of it");
    unsigned count = get16(tiff + at, big);
    if ((n - at - 2) / ENTRY < count) return bad(why, "its first directory is cut short");
    bool found = false;
    for (unsigned i = 0; i < count; i++) {
        const unsigned char *e = tiff + at + 2 + (size_t)ENTRY * i;
        unsigned             tag = get16(e, big);
        if ((tag == TAG_EXIF || tag == TAG_GPS) && get32(e + 8, big) >= n)
            *why = "it points at data outside of it";
        if (tag != TAG_ORIENTATION || found) continue;
        unsigned type = get16(e + 2, big);
        if ((type != TYPE_SHORT && type != TYPE_LONG) || get32(e + 4, big) != 1)
            return bad(why, "its orientation has the wrong type");
        uint32_t v = type == TYPE_SHORT ? get16(e + 8, big) : get32(e + 8, big);
        if (v < 1 || v > 8) return bad(why, "its orientation is not 1 to 8");
        *orientation = (int)v;
        found = true;
    }
    size_t end = at + 2 + (size_t)ENTRY * count;
    if (n - end >= 4) {
        uint32_t next = get32(tiff + end, big);
        if (next == at)
            *why = "its directories form a loop";
        else if (next >= n)
            *why = "it points at data outside of it";
    }
    return found ? GD_EXIF_FOUND : GD_EXIF_ABSENT;
}

void gd_exif_apply(const uint8_t *src, int w, int h, int orientation, uint8_t *dst) {
    size_t row = 3 * (size_t)w;
    if (orientation <= 1 || orientation > 8) {
        memcpy(dst, src, row * (size_t)h);
        return;
    }
    /* Displayed pixel (x, y) is stored pixel start + x * right + y * down (EXIF 2.3, 4.6.4). */
    ptrdiff_t px = 3, line = (ptrdiff_t)row;
    ptrdiff_t last_x = px * (w - 1), last_y = line * (h - 1);
    ptrdiff_t start = 0, right = px, down = line;
    switch (orientation) {
    case 2: start = last_x, right = -px; break;
    case 3: start = last_x + last_y, right = -px, down = -line; break;
    case 4: start = last_y, down = -line; break;
    case 5: right = line, down = px; break;
    case 6: start = last_y, right = -line, down = px; break;
    case 7: start = last_x + last_y, right = -line, down = -px; break;
    default: start = last_x, right = line, down = -px; break;
    }
    int out_w = gd_exif_swaps(orientation) ? h : w, out_h = gd_exif_swaps(orientation) ? w : h;
    for (int y = 0; y < out_h; y++) {
        const uint8_t *s = src + start + y * down;
        for (int x = 0; x < out_w; x++, s += right, dst += 3) {
            dst[0] = s[0];
            dst[1] = s[1];
            dst[2] = s[2];
        }
    }
}
