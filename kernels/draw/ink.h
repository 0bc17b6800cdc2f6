/* ink.h -- one shape of a drawing, the pixels that it can touch, and how much of each.
 *
 * The host and every device compute with these very functions, rounding once a step, so that a
 * drawing is the same to the byte wherever it is made. A shape may hold anything: what is not
 * finite or not in the atlas draws nothing, and bounds are kept inside the picture. */
#ifndef GD_KERNELS_INK_H
#define GD_KERNELS_INK_H

#include <math.h>
#include <stdint.h>

#include "kernels/cuda/round.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_INK_NONE, GD_INK_FILL, GD_INK_LINE, GD_INK_GLYPH };
enum { GD_INK_WORDS = 8 };

/* 32-bit words: a row of a list. Coordinates are pixels, (0, 0) being the top left corner of
 * the first pixel. */
typedef struct gd_ink {
    int32_t kind;
    int32_t color; /* r | g << 8 | b << 16 */
    union {
        struct {
            int32_t x1, y1, x2, y2, alpha; /* [x1, x2) x [y1, y2); alpha 0 .. 255 */
        } fill;
        struct {
            float x1, y1, x2, y2, width; /* a line with round ends, antialiased */
        } line;
        struct {
            float   left, top; /* of the bitmap's top left corner */
            float   scale;     /* pixels a cell of the bitmap */
            int32_t at, w, h;  /* the bitmap's first byte in the atlas, and its cells */
        } glyph;
    };
} gd_ink;

/* Pixels [x1, x2) x [y1, y2); empty where x1 >= x2 or y1 >= y2. */
typedef struct gdk_area {
    int x1, y1, x2, y2;
} gdk_area;

/* NaN becomes lo. */
static inline GD_HOST_DEVICE float gdk_clampf(float v, float lo, float hi) {
    return v > lo ? v < hi ? v : hi : lo;
}
static inline GD_HOST_DEVICE int gdk_clampi(int v, int lo, int hi) {
    return v < lo ? lo : v > hi ? hi : v;
}

static inline GD_HOST_DEVICE float gdk_div(float a, float b) {
#ifdef __CUDA_ARCH__
    return __fdiv_rn(a, b);
#else
    return a / b;
#endif
}
static inline GD_HOST_DEVICE float gdk_root(float a) {
#ifdef __CUDA_ARCH__
    return __fsqrt_rn(a);
#else
    return sqrtf(a);
#endif
}
/* Halves go to the even neighbour; v is in 0 .. 255. */
static inline GD_HOST_DEVICE int gdk_nearest(float v) {
#ifdef __CUDA_ARCH__
    return __float2int_rn(v);
#else
    return (int)lrintf(v);
#endif
}

/* One channel of a pixel under `alpha` 0 .. 255 of a colour. */
static inline GD_HOST_DEVICE int gdk_blend(int under, int color, int alpha) {
    return (under * (255 - alpha) + color * alpha + 127) / 255;
}

/* ---- lines ------------------------------------------------------------------------------- */

/* Coverage of pixel (x, y): how far its centre is from the nearest point of the segment. */
static inline GD_HOST_DEVICE int gdk_line_alpha(const gd_ink *i, int x, int y) {
    const float dx = gdk_sub(i->line.x2, i->line.x1), dy = gdk_sub(i->line.y2, i->line.y1);
    const float len2 = gdk_add(gdk_mul(dx, dx), gdk_mul(dy, dy));
    const float px = gdk_sub((float)x + 0.5f, i->line.x1);
    const float py = gdk_sub((float)y + 0.5f, i->line.y1);
    const float along = gdk_add(gdk_mul(px, dx), gdk_mul(py, dy));
    const float t = len2 > 0 ? gdk_clampf(gdk_div(along, len2), 0, 1) : 0;
    const float ex = gdk_sub(px, gdk_mul(t, dx)), ey = gdk_sub(py, gdk_mul(t, dy));
    const float far = gdk_root(gdk_add(gdk_mul(ex, ex), gdk_mul(ey, ey)));
    const float cover = gdk_sub(gdk_add(gdk_mul(0.5f, i->line.width), 0.5f), far);
    return gdk_nearest(gdk_mul(255, gdk_clampf(cover, 0, 1)));
}

static inline GD_HOST_DEVICE gdk_area gdk_line_area(const gd_ink *i, int width, int height) {
    const float x1 = i->line.x1, y1 = i->line.y1, x2 = i->line.x2, y2 = i->line.y2;
    const float dx = gdk_sub(x2, x1), dy = gdk_sub(y2, y1);
    const float len2 = gdk_add(gdk_mul(dx, dx), gdk_mul(dy, dy));
    const float reach = gdk_add(gdk_mul(0.5f, i->line.width), 1);
    gdk_area    a = {0, 0, 0, 0};
    if (!isfinite(len2) || !isfinite(i->line.width) || !(i->line.width > 0)) return a;
    a.x1 = (int)gdk_clampf(gdk_sub(fminf(x1, x2), reach), 0, (float)width);
    a.y1 = (int)gdk_clampf(gdk_sub(fminf(y1, y2), reach), 0, (float)height);
    a.x2 = (int)ceilf(gdk_clampf(gdk_add(fmaxf(x1, x2), reach), 0, (float)width));
    a.y2 = (int)ceilf(gdk_clampf(gdk_add(fmaxf(y1, y2), reach), 0, (float)height));
    return a;
}

/* ---- glyphs ------------------------------------------------------------------------------ */

/* The cells of a bitmap that one pixel covers along one axis, [first, first + n), and how much
 * of them: [a, b) of the bitmap, `length` with what lies beyond it. */
enum { GDK_TAPS = 40 };
typedef struct gdk_taps {
    float a, b, length;
    int   first, n;
} gdk_taps;

/* A pixel of a font below one pixel covers more cells than there are taps; the rest of them is
 * left out. Magnified, a pixel still averages over one cell: linear interpolation. */
static inline GD_HOST_DEVICE gdk_taps gdk_taps_of(int pixel, float origin, float scale,
                                                  int cells) {
    const float grow = scale > 1 ? gdk_sub(0.5f, gdk_div(0.5f, scale)) : 0;
    const float a = gdk_sub(gdk_div(gdk_sub((float)pixel, origin), scale), grow);
    const float b = gdk_add(gdk_div(gdk_sub((float)pixel + 1, origin), scale), grow);
    gdk_taps    t;
    t.length = gdk_sub(b, a);
    t.a = gdk_clampf(a, 0, (float)cells);
    t.b = gdk_clampf(b, 0, (float)cells);
    t.first = (int)t.a;
    t.n = (int)ceilf(t.b) - t.first;
    t.n = gdk_clampi(t.n, 0, GDK_TAPS);
    return t;
}
static inline GD_HOST_DEVICE float gdk_tap_weight(const gdk_taps *t, int cell) {
    return gdk_sub(fminf(t->b, (float)cell + 1), fmaxf(t->a, (float)cell));
}
/* `sum` of the cells' bytes times both weights. */
static inline GD_HOST_DEVICE int gdk_glyph_mean(float sum, const gdk_taps *column,
                                                const gdk_taps *row) {
    const float mean = gdk_div(sum, gdk_mul(column->length, row->length));
    return gdk_nearest(gdk_clampf(mean, 0, 255));
}

static inline GD_HOST_DEVICE int gdk_glyph_alpha(const gd_ink *i, int x, int y,
                                                 const uint8_t *atlas) {
    const gdk_taps column = gdk_taps_of(x, i->glyph.left, i->glyph.scale, i->glyph.w);
    const gdk_taps row = gdk_taps_of(y, i->glyph.top, i->glyph.scale, i->glyph.h);
    float          cover = 0;
    for (int v = row.first; v < row.first + row.n; v++) {
        const uint8_t *b = atlas + i->glyph.at + (int64_t)v * i->glyph.w;
        float          sum = 0;
        for (int u = column.first; u < column.first + column.n; u++)
            sum = gdk_add(sum, gdk_mul((float)b[u], gdk_tap_weight(&column, u)));
        cover = gdk_add(cover, gdk_mul(sum, gdk_tap_weight(&row, v)));
    }
    return gdk_glyph_mean(cover, &column, &row);
}

static inline GD_HOST_DEVICE gdk_area gdk_glyph_area(const gd_ink *i, int width, int height,
                                                     int64_t atlas) {
    const float scale = i->glyph.scale, left = i->glyph.left, top = i->glyph.top;
    const float margin = scale > 1 ? scale : 0;
    const float right = gdk_add(left, gdk_mul((float)i->glyph.w, scale));
    const float bottom = gdk_add(top, gdk_mul((float)i->glyph.h, scale));
    gdk_area    a = {0, 0, 0, 0};
    if (!isfinite(left) || !isfinite(top) || !isfinite(scale) || !(scale > 0)) return a;
    if (i->glyph.at < 0 || i->glyph.w < 1 || i->glyph.h < 1 ||
        i->glyph.at + (int64_t)i->glyph.w * i->glyph.h > atlas)
        return a;
    a.x1 = (int)gdk_clampf(gdk_sub(left, margin), 0, (float)width);
    a.y1 = (int)gdk_clampf(gdk_sub(top, margin), 0, (float)height);
    a.x2 = (int)ceilf(gdk_clampf(gdk_add(right, margin), 0, (float)width));
    a.y2 = (int)ceilf(gdk_clampf(gdk_add(bottom, margin), 0, (float)height));
    return a;
}

/* ---- any shape --------------------------------------------------------------------------- */

/* The pixels of a picture of width x height that it may change. */
static inline GD_HOST_DEVICE gdk_area gdk_ink_area(const gd_ink *i, int width, int height,
                                                   int64_t atlas) {
    gdk_area a = {0, 0, 0, 0};
    if (i->kind == GD_INK_LINE) return gdk_line_area(i, width, height);
    if (i->kind == GD_INK_GLYPH) return gdk_glyph_area(i, width, height, atlas);
    if (i->kind != GD_INK_FILL) return a;
    a.x1 = gdk_clampi(i->fill.x1, 0, width);
    a.x2 = gdk_clampi(i->fill.x2, 0, width);
    a.y1 = gdk_clampi(i->fill.y1, 0, height);
    a.y2 = gdk_clampi(i->fill.y2, 0, height);
    return a;
}

/* How much of its colour pixel (x, y) of that area takes, 0 .. 255. */
static inline GD_HOST_DEVICE int gdk_ink_alpha(const gd_ink *i, int x, int y,
                                               const uint8_t *atlas) {
    if (i->kind == GD_INK_LINE) return gdk_line_alpha(i, x, y);
    if (i->kind == GD_INK_GLYPH) return gdk_glyph_alpha(i, x, y, atlas);
    return gdk_clampi(i->fill.alpha, 0, 255);
}

#ifdef __cplusplus
}
#endif
#endif
