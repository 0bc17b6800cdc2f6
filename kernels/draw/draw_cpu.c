/* draw_cpu.c -- shapes drawn row by row; pictures on threads, a band of rows each. */
#include <string.h>

#include "engine/backend.h"
#include "kernels/draw/draw.h"

static uint8_t *pixel_at(const gdk_sheet *s, int x, int y) {
    return s->rgb + (size_t)y * s->stride + 3 * (size_t)x;
}

static void blend(uint8_t *p, int32_t color, int alpha) {
    p[0] = (uint8_t)gdk_blend(p[0], color & 255, alpha);
    p[1] = (uint8_t)gdk_blend(p[1], color >> 8 & 255, alpha);
    p[2] = (uint8_t)gdk_blend(p[2], color >> 16 & 255, alpha);
}

static void fill(const gdk_sheet *s, const gd_ink *i, gdk_area a) {
    const int    alpha = gdk_clampi(i->fill.alpha, 0, 255);
    const size_t bytes = 3 * (size_t)(a.x2 - a.x1);
    for (int y = a.y1; y < a.y2; y++) {
        uint8_t *row = pixel_at(s, a.x1, y);
        if (alpha == 255 && y > a.y1) { /* opaque rows are all alike */
            memcpy(row, pixel_at(s, a.x1, a.y1), bytes);
            continue;
        }
        for (int x = 0; x < a.x2 - a.x1; x++) blend(row + 3 * (size_t)x, i->color, alpha);
    }
}

static void line(const gdk_sheet *s, const gd_ink *i, gdk_area a) {
    for (int y = a.y1; y < a.y2; y++)
        for (int x = a.x1; x < a.x2; x++)
            blend(pixel_at(s, x, y), i->color, gdk_line_alpha(i, x, y));
}

enum { BLOCK = 32 };
typedef struct column {
    gdk_taps t;
    float    weight[GDK_TAPS];
} column;

/* One row of the bitmap, averaged over the columns' cells. */
static void sum_row(const uint8_t *bits, const column *col, int n, float *sum) {
    for (int i = 0; i < n; i++) {
        const uint8_t *b = bits + col[i].t.first;
        float          row = 0;
        for (int k = 0; k < col[i].t.n; k++) row += (float)b[k] * col[i].weight[k];
        sum[i] = row;
    }
}

/* At most BLOCK columns of a glyph. Neighbouring rows of pixels share at most one row of the
 * bitmap, so each of those is summed once. */
static void block(const gdk_sheet *s, const gd_ink *g, gdk_area a, const uint8_t *bits) {
    const int n = a.x2 - a.x1;
    column    col[BLOCK];
    float     sum[BLOCK], cover[BLOCK];
    int       summed = -1;
    for (int i = 0; i < n; i++) {
        gdk_taps *t = &col[i].t;
        *t = gdk_taps_of(a.x1 + i, g->glyph.left, g->glyph.scale, g->glyph.w);
        for (int k = 0; k < t->n; k++) col[i].weight[k] = gdk_tap_weight(t, t->first + k);
    }
    for (int y = a.y1; y < a.y2; y++) {
        const gdk_taps row = gdk_taps_of(y, g->glyph.top, g->glyph.scale, g->glyph.h);
        memset(cover, 0, sizeof cover);
        for (int v = row.first; v < row.first + row.n; v++) {
            const float weight = gdk_tap_weight(&row, v);
            if (v != summed) sum_row(bits + (size_t)v * (size_t)g->glyph.w, col, n, sum);
            summed = v;
            for (int i = 0; i < n; i++) cover[i] += sum[i] * weight;
        }
        for (int i = 0; i < n; i++) {
            const int alpha = gdk_glyph_mean(cover[i], &col[i].t, &row);
            if (alpha > 0) blend(pixel_at(s, a.x1 + i, y), g->color, alpha);
        }
    }
}

static void glyph(const gdk_sheet *s, const gd_ink *g, gdk_area a, const uint8_t *bits) {
    for (gdk_area part = a; part.x1 < a.x2; part.x1 = part.x2) {
        part.x2 = a.x2 - part.x1 < BLOCK ? a.x2 : part.x1 + BLOCK;
        block(s, g, part, bits);
    }
}

void gdk_ink_draw(const gdk_sheet *s, const gd_ink *i, const uint8_t *atlas, int64_t bytes) {
    gdk_area a = gdk_ink_area(i, s->width, s->height, bytes);
    if (a.y1 < s->y1) a.y1 = s->y1;
    if (a.y2 > s->y2) a.y2 = s->y2;
    if (a.x1 >= a.x2 || a.y1 >= a.y2) return;
    if (i->kind == GD_INK_FILL)
        fill(s, i, a);
    else if (i->kind == GD_INK_LINE)
        line(s, i, a);
    else
        glyph(s, i, a, atlas + i->glyph.at);
}

/* Every band walks the whole list, and draws what of it lies there. */
static void band(const gd_launch *l, int64_t first, int64_t last) {
    const gd_tensor *x = l->in[0], *list = l->in[1], *atlas = l->in[2];
    const size_t     stride = 3 * (size_t)x->dim[2];
    const gdk_sheet  s = {.rgb = l->out[0]->data,
                          .stride = stride,
                          .width = (int)x->dim[2],
                          .height = (int)x->dim[1],
                          .y1 = (int)first,
                          .y2 = (int)last};
    if (s.rgb != x->data)
        memcpy(s.rgb + (size_t)first * stride,
               (const uint8_t *)x->data + (size_t)first * stride,
               (size_t)(last - first) * stride);
    for (int64_t k = 0; k < gdk_ink_count(list); k++) {
        const gd_ink i = gdk_ink_at(list, k);
        gdk_ink_draw(&s, &i, atlas->data, gd_tensor_count(atlas));
    }
}

gd_status gdk_draw_cpu_u8(const gd_launch *l, gd_error *err) {
    const int64_t height = l->in[0]->dim[1], threads = gd_cpu_threads();
    const int64_t bands = height < threads ? height : threads;
    (void)err;
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(static)
    for (int64_t i = 0; i < bands; i++) band(l, height * i / bands, height * (i + 1) / bands);
    return GD_OK;
}
