/* counts.c -- a table of counts as shades: the confusion matrix; see plot.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/plot/plot.h"

static const gd_color ink = {40, 40, 40}, paper = {255, 255, 255}, grid = {225, 225, 225};
static const gd_color full = {8, 64, 129}; /* a share of 1 */

enum { MARGIN = 16, TITLE = 48, LABEL = 28, NAMES_MOST = 220 };

typedef struct chart {
    const gd_plot_table *t;
    gd_canvas            canvas;
    int                  cell, x, y; /* where the first cell begins */
    float                size;       /* of the text */
} chart;

/* White to blue; the root shows small shares that a straight scale would hide. */
static gd_color shade(double share) {
    const double s = sqrt(share);
    return (gd_color){(uint8_t)lround(255 + s * (full.r - 255)),
                      (uint8_t)lround(255 + s * (full.g - 255)),
                      (uint8_t)lround(255 + s * (full.b - 255))};
}

static int64_t row_sum(const gd_plot_table *t, int row) {
    int64_t sum = 0;
    for (int i = 0; i < t->n; i++) sum += t->count[(size_t)row * (size_t)t->n + (size_t)i];
    return sum;
}

static void draw_cell(const chart *c, int row, int column, int64_t sum) {
    const int64_t count = c->t->count[(size_t)row * (size_t)c->t->n + (size_t)column];
    const int     x = c->x + column * c->cell, y = c->y + row * c->cell;
    char          text[32];
    if (!count || sum <= 0) return;
    const gd_color color = shade((double)count / (double)sum);
    gd_fill_rect(&c->canvas, x, y, x + c->cell, y + c->cell, color, 255);
    snprintf(text, sizeof text, "%lld", (long long)count);
    const float wide = gd_text_width(text, c->size);
    if (wide + 2 <= (float)c->cell)
        gd_draw_text(&c->canvas, (float)x + ((float)c->cell - wide) / 2,
                     (float)y + ((float)c->cell + gd_text_ascent(c->size)) / 2, text, c->size,
                     gd_contrast_color(color));
}

/* Lines between the cells, only where they are large enough for them. */
static void draw_grid(const chart *c) {
    const int side = c->t->n * c->cell;
    for (int i = 0; i <= c->t->n; i++) {
        const bool edge = i == 0 || i == c->t->n;
        const int  at = i * c->cell;
        if (!edge && c->cell < 12) continue;
        gd_fill_rect(&c->canvas, c->x + at, c->y, c->x + at + 1, c->y + side + 1,
                     edge ? ink : grid, 255);
        gd_fill_rect(&c->canvas, c->x, c->y + at, c->x + side + 1, c->y + at + 1,
                     edge ? ink : grid, 255);
    }
}

static gd_status draw_names(const chart *c, int bottom, gd_error *err) {
    const float up = gd_text_ascent(c->size);
    for (int i = 0; i < c->t->n; i++) {
        const char *name = c->t->names[i];
        const float wide = fminf(gd_text_width(name, c->size), NAMES_MOST);
        const float middle = ((float)c->cell + up) / 2;
        gd_draw_text(&c->canvas, (float)c->x - 6 - wide, (float)(c->y + i * c->cell) + middle,
                     name, c->size, ink);
        GD_TRY(gd_plot_text_up(&c->canvas, (float)(c->x + i * c->cell) + middle,
                               (float)bottom + 6 + wide, name, c->size, ink, err));
    }
    return GD_OK;
}

gd_status gd_plot_counts(const gd_plot_table *t, gd_plot_picture *out, gd_error *err) {
    chart c = {.t = t};
    float names = 0;
    *out = (gd_plot_picture){0};
    if (t->n < 1 || t->n > GD_PLOT_TABLE_MOST)
        return gd_fail(err, GD_ERR_ARG, "a table of %d classes", t->n);
    c.cell = t->n <= 20 ? 40 : t->n <= 100 ? 20 : 10;
    c.size = c.cell >= 40 ? 15 : c.cell >= 20 ? 12 : 8;
    for (int i = 0; i < t->n; i++) names = fmaxf(names, gd_text_width(t->names[i], c.size));
    const int room = (int)fminf(names, NAMES_MOST) + 12, side = t->n * c.cell;
    c.x = MARGIN + LABEL + room;
    c.y = TITLE;
    const int title = t->title ? (int)gd_text_width(t->title, 20) + 2 * MARGIN : 0;
    const int width = c.x + side + MARGIN > title ? c.x + side + MARGIN : title;
    const int height = c.y + side + room + LABEL + MARGIN;
    out->pixels = gd_mem_array((size_t)width * (size_t)height, 3);
    if (!out->pixels)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for a chart of %d x %d", width, height);
    out->image = (gd_image){out->pixels, width, height, 3 * (size_t)width, 0};
    c.canvas = (gd_canvas){.rgb = out->pixels, .width = width, .height = height};
    gd_fill_rect(&c.canvas, 0, 0, width, height, paper, 255);
    draw_grid(&c);
    for (int r = 0; r < t->n; r++) {
        const int64_t sum = row_sum(t, r);
        for (int k = 0; k < t->n; k++) draw_cell(&c, r, k, sum);
    }
    if (t->title) gd_draw_text(&c.canvas, MARGIN, 31, t->title, 20, ink);
    gd_status st = draw_names(&c, c.y + side, err);
    if (st == GD_OK && t->column_label)
        gd_draw_text(&c.canvas,
                     (float)c.x + ((float)side - gd_text_width(t->column_label, 15)) / 2,
                     (float)(height - MARGIN), t->column_label, 15, ink);
    if (st == GD_OK && t->row_label)
        st = gd_plot_text_up(&c.canvas, MARGIN + 14,
                             (float)c.y + ((float)side + gd_text_width(t->row_label, 15)) / 2,
                             t->row_label, 15, ink, err);
    if (st != GD_OK) gd_plot_free(out);
    return st;
}
