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

/* The pen stands at (x, y). */
static void draw_glyph(const gd_canvas *c, float x, float y, const gd_glyph *g, float scale,
                       gd_color color) {
    const gd_ink i = {.kind = GD_INK_GLYPH,
                      .color = gd_ink_color(color),
                      .glyph = {.left = x + (float)g->x * scale,
                                .top = y + (float)g->y * scale,
                                .scale = scale,
                                .at = g->at,
                                .w = g->w,
                                .h = g->h}};
    gd_canvas_put(c, &i);
}

void gd_draw_text(const gd_canvas *c, float x, float y, const char *text, float size,
                  gd_color color) {
    const gd_font_master *m = master_for(size), *wide = &gd_font_masters[GD_FONT_MASTERS - 1];
    size_t                left = strlen(text), used;
    if (!isfinite(x) || !isfinite(y) || !(size > 0) || !isfinite(size)) return;
    for (; left > 0; text += used, left -= used) {
        int g = next_glyph(text, left, &used);
        if (x > (float)c->width) break;
        draw_glyph(c, x, y, &m->glyph[g], size / m->size, color);
        x += wide->glyph[g].advance * (size / wide->size);
    }
}
