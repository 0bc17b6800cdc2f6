/* glyphs.c -- text from the baked masters, at any size and any fraction of a pixel. */
#include <math.h>
#include <string.h>

#include "engine/utf8.h"
#include "tools/draw/canvas.h"
#include "tools/draw/font/atlas.h"

static int glyph_of(uint32_t point) {
    if (point >= 0x20 && point < 0x7f) return (int)point - 0x20;
    if (point >= 0xa0 && point <= 0xff) return GD_GLYPH_LATIN1 + (int)point - 0xa0;
    return point == 0x2026 ? GD_GLYPH_ELLIPSIS : GD_GLYPH_REPLACEMENT;
}

/* The next glyph of a text of `left` bytes; *used is how many of them it takes. */
static int next_glyph(const char *s, size_t left, size_t *used) {
    uint32_t point = 0;
    *used = gd_utf8_next(s, left, &point);
    if (*used > 0) return glyph_of(point);
    *used = 1;
    return GD_GLYPH_REPLACEMENT;
}

/* The smallest master that need not be magnified. */
static const gd_font_master *master_for(float size) {
    int m = 0;
    while (m < GD_FONT_MASTERS - 1 && gd_font_masters[m].size < size) m++;
    return &gd_font_masters[m];
}

/* Widths come from the largest master at every size, so a layout scales with its font. */
float gd_text_width(const char *text, float size) {
    const gd_font_master *m = &gd_font_masters[GD_FONT_MASTERS - 1];
    size_t                left = strlen(text), used;
    float                 width = 0;
    for (; left > 0; text += used, left -= used)
        width += m->glyph[next_glyph(text, left, &used)].advance;
    return width * (size / m->size);
}

float gd_text_ascent(float size) { return 1493.0f / 2048.0f * size; } /* DejaVu's capitals */
float gd_text_descent(float size) { return 0.2363f * size; }

/* Share of [a, b) that lies in the cell [i, i + 1). */
static float overlap(float a, float b, int i) {
    return fminf(b, (float)i + 1) - fmaxf(a, (float)i);
}

/* Mean coverage of the master over [u1, u2) x [v1, v2), in pixels of the glyph's bitmap. */
static float mean_cover(const gd_font_master *m, const gd_glyph *g, float u1, float v1,
                        float u2, float v2) {
    float sum = 0, area = (u2 - u1) * (v2 - v1);
    u1 = fmaxf(u1, 0);
    v1 = fmaxf(v1, 0);
    u2 = fminf(u2, g->w);
    v2 = fminf(v2, g->h);
    for (int v = (int)v1; (float)v < v2; v++) {
        const unsigned char *bits = m->bits + g->at + v * g->w;
        float                row = 0;
        for (int u = (int)u1; (float)u < u2; u++) row += bits[u] * overlap(u1, u2, u);
        sum += row * overlap(v1, v2, v);
    }
    return sum / area;
}

static void draw_glyph(const gd_canvas *c, float x, float y, const gd_font_master *m,
                       const gd_glyph *g, float scale, gd_color color) {
    float left = x + (float)g->x * scale, top = y + (float)g->y * scale;
    float right = left + (float)g->w * scale, bottom = top + (float)g->h * scale;
    /* Magnified, a pixel still averages over one pixel of the master: linear interpolation. */
    float grow = scale > 1 ? 0.5f - 0.5f / scale : 0, margin = scale > 1 ? scale : 0;
    float x1 = gd_clampf(left - margin, 0, (float)c->width);
    float y1 = gd_clampf(top - margin, 0, (float)c->height);
    float x2 = gd_clampf(right + margin, 0, (float)c->width);
    float y2 = gd_clampf(bottom + margin, 0, (float)c->height);
    for (int py = (int)y1; (float)py < y2; py++) {
        float    v1 = ((float)py - top) / scale - grow;
        float    v2 = ((float)py + 1 - top) / scale + grow;
        uint8_t *row = gd_canvas_row(c, py);
        for (int px = (int)x1; (float)px < x2; px++) {
            float u1 = ((float)px - left) / scale - grow;
            float u2 = ((float)px + 1 - left) / scale + grow;
            int   alpha = (int)lrintf(mean_cover(m, g, u1, v1, u2, v2));
            if (alpha > 0) gd_blend(row + 3 * px, color, alpha);
        }
    }
}

void gd_draw_text(const gd_canvas *c, float x, float y, const char *text, float size,
                  gd_color color) {
    const gd_font_master *m = master_for(size), *wide = &gd_font_masters[GD_FONT_MASTERS - 1];
    size_t                left = strlen(text), used;
    if (!isfinite(x) || !isfinite(y) || !(size > 0) || !isfinite(size)) return;
    for (; left > 0; text += used, left -= used) {
        int g = next_glyph(text, left, &used);
        if (x > (float)c->width) break;
        draw_glyph(c, x, y, m, &m->glyph[g], size / m->size, color);
        x += wide->glyph[g].advance * (size / wide->size);
    }
}
