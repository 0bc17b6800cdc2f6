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

/* The cells of the master that one pixel covers along one axis, and how much of each. */
enum { TAPS = 40, BLOCK = 32 };
typedef struct taps {
    int   first, n;
    float length; /* of the pixel, in cells; also what lies beyond the bitmap */
    float weight[TAPS];
} taps;

/* A pixel of a font below one pixel covers more cells than there are taps; the rest of them is
 * left out. */
static void make_taps(taps *t, float a, float b, int cells) {
    t->length = b - a;
    a = fmaxf(a, 0);
    b = fminf(b, (float)cells);
    t->first = (int)a;
    t->n = 0;
    for (int i = t->first; (float)i < b && t->n < TAPS; i++)
        t->weight[t->n++] = fminf(b, (float)i + 1) - fmaxf(a, (float)i);
}

/* How a glyph's bitmap lies on the picture. */
typedef struct placing {
    float left, top, scale; /* scale: pixels a cell */
    float grow;             /* cells that a pixel averages over beyond its own */
} placing;

static void pixel_taps(taps *t, int pixel, float origin, const placing *p, int cells) {
    make_taps(t, ((float)pixel - origin) / p->scale - p->grow,
              ((float)pixel + 1 - origin) / p->scale + p->grow, cells);
}

/* One row of the master, averaged over the columns' cells. */
static void sum_row(const unsigned char *bits, const taps *column, int n, float *sum) {
    for (int i = 0; i < n; i++) {
        const unsigned char *b = bits + column[i].first;
        float                row = 0;
        for (int k = 0; k < column[i].n; k++) row += (float)b[k] * column[i].weight[k];
        sum[i] = row;
    }
}

/* Columns x .. x + n of the glyph, rows y1 .. y2. Neighbouring rows of pixels share at most one
 * row of the master, so each of those is summed once. */
static void draw_block(const gd_canvas *c, int x, int n, int y1, float y2, const placing *p,
                       const unsigned char *bits, const gd_glyph *g, gd_color color) {
    taps  column[BLOCK], row;
    float sum[BLOCK], cover[BLOCK];
    int   summed = -1;
    for (int i = 0; i < n; i++) pixel_taps(&column[i], x + i, p->left, p, g->w);
    for (int y = y1; (float)y < y2; y++) {
        uint8_t *pixel = gd_canvas_row(c, y) + 3 * (size_t)x;
        memset(cover, 0, sizeof cover);
        pixel_taps(&row, y, p->top, p, g->h);
        for (int k = 0; k < row.n; k++) {
            const int v = row.first + k;
            if (v != summed) sum_row(bits + v * g->w, column, n, sum);
            summed = v;
            for (int i = 0; i < n; i++) cover[i] += sum[i] * row.weight[k];
        }
        for (int i = 0; i < n; i++, pixel += 3) {
            const int alpha = (int)lrintf(cover[i] / (column[i].length * row.length));
            if (alpha > 0) gd_blend(pixel, color, alpha);
        }
    }
}

static void draw_glyph(const gd_canvas *c, float x, float y, const gd_font_master *m,
                       const gd_glyph *g, float scale, gd_color color) {
    placing p = {x + (float)g->x * scale, y + (float)g->y * scale, scale, 0};
    float   right = p.left + (float)g->w * scale, bottom = p.top + (float)g->h * scale;
    /* Magnified, a pixel still averages over one cell of the master: linear interpolation. */
    p.grow = scale > 1 ? 0.5f - 0.5f / scale : 0;
    float margin = scale > 1 ? scale : 0;
    int   x1 = (int)gd_clampf(p.left - margin, 0, (float)c->width);
    int   y1 = (int)gd_clampf(p.top - margin, 0, (float)c->height);
    int   x2 = (int)ceilf(gd_clampf(right + margin, 0, (float)c->width));
    float y2 = gd_clampf(bottom + margin, 0, (float)c->height);
    for (int at = x1; at < x2; at += BLOCK)
        draw_block(c, at, x2 - at < BLOCK ? x2 - at : BLOCK, y1, y2, &p, m->bits + g->at, g,
                   color);
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
