/* lines.c -- a chart of lines between two axes; see plot.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/plot/plot.h"

static const gd_color ink = {40, 40, 40}, grid = {225, 225, 225}, paper = {255, 255, 255};
static const float    text_size = 15, title_size = 20;

enum { LEFT = 78, TOP = 48, BOTTOM = 62, RIGHT = 24, SIDE_LEAST = 160, SIDE_MOST = 8192 };

typedef struct chart {
    const gd_plot *p;
    gd_canvas      canvas;
    int            x1, y1, x2, y2; /* of the area between the axes */
    double         x[2], y[2];
} chart;

static float at_x(const chart *c, double v) {
    return (float)(c->x1 + (v - c->x[0]) / (c->x[1] - c->x[0]) * (c->x2 - c->x1));
}
static float at_y(const chart *c, double v) {
    return (float)(c->y2 - (v - c->y[0]) / (c->y[1] - c->y[0]) * (c->y2 - c->y1));
}

/* The range asked for, else that of the values, made wider where it is empty. */
static void set_range(const gd_plot *p, bool of_x, double out[2]) {
    const double *asked = of_x ? p->x : p->y;
    bool          any = false;
    out[0] = asked[0];
    out[1] = asked[1];
    if (asked[0] < asked[1]) return;
    for (int l = 0; l < p->n_lines; l++)
        for (int i = 0; i < p->line[l].n; i++) {
            const double v = of_x ? p->line[l].x[i] : p->line[l].y[i];
            if (!isfinite(v)) continue;
            if (!any || v < out[0]) out[0] = v;
            if (!any || v > out[1]) out[1] = v;
            any = true;
        }
    if (!any) out[0] = 0;
    if (!any) out[1] = 1;
    if (out[0] < out[1]) return;
    const double more = fmax(fabs(out[0]) * 0.5, 0.5);
    out[0] -= more;
    out[1] += more;
}

/* Widest name of the legend, as it is shown; 0: there is none. */
static float legend_width(const gd_plot *p) {
    float widest = 0;
    for (int l = 0; l < p->n_lines; l++)
        if (p->line[l].name) widest = fmaxf(widest, gd_text_width(p->line[l].name, text_size));
    return widest > 0 ? fminf(widest, 320) + 44 : 0;
}

static void draw_frame(const chart *c) {
    double first, step;
    char   text[32];
    int    n = gd_plot_marks(c->x[0], c->x[1], 11, &first, &step);
    for (int i = 0; i < n; i++) {
        const double v = fabs(first + i * step) < 1e-9 * step ? 0 : first + i * step;
        const float  x = at_x(c, v);
        gd_fill_rect(&c->canvas, (int)x, c->y1, (int)x + 1, c->y2, grid, 255);
        snprintf(text, sizeof text, "%.6g", v);
        gd_draw_text(&c->canvas, x - gd_text_width(text, text_size) / 2, (float)c->y2 + 19,
                     text, text_size, ink);
    }
    n = gd_plot_marks(c->y[0], c->y[1], 11, &first, &step);
    for (int i = 0; i < n; i++) {
        const double v = fabs(first + i * step) < 1e-9 * step ? 0 : first + i * step;
        const float  y = at_y(c, v);
        gd_fill_rect(&c->canvas, c->x1, (int)y, c->x2, (int)y + 1, grid, 255);
        snprintf(text, sizeof text, "%.6g", v);
        gd_draw_text(&c->canvas, (float)c->x1 - 8 - gd_text_width(text, text_size),
                     y + gd_text_ascent(text_size) / 2, text, text_size, ink);
    }
    gd_draw_rect(&c->canvas, c->x1, c->y1, c->x2 + 1, c->y2 + 1, 1, ink);
}

static gd_status draw_words(const chart *c, gd_error *err) {
    const gd_plot *p = c->p;
    const float    middle_x = (float)(c->x1 + c->x2) / 2, middle_y = (float)(c->y1 + c->y2) / 2;
    if (p->title) gd_draw_text(&c->canvas, (float)c->x1, 31, p->title, title_size, ink);
    if (p->x_label)
        gd_draw_text(&c->canvas, middle_x - gd_text_width(p->x_label, text_size) / 2,
                     (float)c->y2 + 46, p->x_label, text_size, ink);
    if (!p->y_label) return GD_OK;
    return gd_plot_text_up(&c->canvas, 24, middle_y + gd_text_width(p->y_label, text_size) / 2,
                           p->y_label, text_size, ink, err);
}

/* Both ends inside the range, or not drawn; a value outside it is put on its edge. */
static void draw_line(const chart *c, const gd_plot_line *l) {
    for (int i = 1; i < l->n; i++) {
        const double x0 = l->x[i - 1], y0 = l->y[i - 1], x1 = l->x[i], y1 = l->y[i];
        if (!isfinite(x0) || !isfinite(y0) || !isfinite(x1) || !isfinite(y1)) continue;
        gd_draw_line(&c->canvas, at_x(c, fmin(fmax(x0, c->x[0]), c->x[1])),
                     at_y(c, fmin(fmax(y0, c->y[0]), c->y[1])),
                     at_x(c, fmin(fmax(x1, c->x[0]), c->x[1])),
                     at_y(c, fmin(fmax(y1, c->y[0]), c->y[1])), l->width, l->color);
    }
    if (l->n == 1 && isfinite(l->x[0]) && isfinite(l->y[0]))
        gd_draw_disc(&c->canvas, at_x(c, l->x[0]), at_y(c, l->y[0]), l->width, l->color);
}

static void draw_legend(const chart *c) {
    float y = (float)c->y1 + 14;
    for (int l = 0; l < c->p->n_lines && y < (float)c->y2; l++) {
        const gd_plot_line *line = &c->p->line[l];
        if (!line->name) continue;
        gd_draw_line(&c->canvas, (float)c->x2 + 12, y - 5, (float)c->x2 + 32, y - 5,
                     fmaxf(line->width, 2), line->color);
        gd_draw_text(&c->canvas, (float)c->x2 + 38, y, line->name, text_size, ink);
        y += 22;
    }
}

gd_status gd_plot_lines(const gd_plot *p, gd_plot_picture *out, gd_error *err) {
    const int width = p->width ? p->width : 960, height = p->height ? p->height : 640;
    chart     c = {.p = p};
    *out = (gd_plot_picture){0};
    if (width < SIDE_LEAST || height < SIDE_LEAST * 3 / 4 || width > SIDE_MOST ||
        height > SIDE_MOST)
        return gd_fail(err, GD_ERR_ARG, "a chart of %d x %d pixels", width, height);
    out->pixels = gd_mem_array((size_t)width * (size_t)height, 3);
    if (!out->pixels)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for a chart of %d x %d", width, height);
    out->image = (gd_image){out->pixels, width, height, 3 * (size_t)width, 0};
    c.canvas = (gd_canvas){.rgb = out->pixels, .width = width, .height = height};
    const float legend = legend_width(p);
    c.x1 = LEFT;
    c.y1 = TOP;
    c.x2 = width - RIGHT - (legend < (float)width / 2 ? (int)legend : 0);
    c.y2 = height - BOTTOM;
    set_range(p, true, c.x);
    set_range(p, false, c.y);
    gd_fill_rect(&c.canvas, 0, 0, width, height, paper, 255);
    draw_frame(&c);
    for (int l = p->n_lines - 1; l >= 0; l--) draw_line(&c, &p->line[l]); /* the first on top */
    if (legend > 0 && legend < (float)width / 2) draw_legend(&c);
    const gd_status st = draw_words(&c, err);
    if (st != GD_OK) gd_plot_free(out);
    return st;
}
