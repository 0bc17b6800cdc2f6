/* class_map.c -- maps of classes as colours, over a picture or alone. */
#include "tools/draw/class_map.h"

#include <math.h>

#include "tools/draw/canvas.h"

/* Bit 7 - k of red, green and blue is bit 3 k, 3 k + 1 and 3 k + 2 of the class. */
gd_color gd_map_color(int class_id) {
    gd_color c = {0, 0, 0};
    for (int bit = 7, id = class_id & 255; id; bit--, id >>= 3) {
        c.r = (uint8_t)(c.r | (id & 1) << bit);
        c.g = (uint8_t)(c.g | (id >> 1 & 1) << bit);
        c.b = (uint8_t)(c.b | (id >> 2 & 1) << bit);
    }
    return c;
}

void gd_draw_class_map(const gd_canvas *c, const uint8_t *map, int clear, int alpha) {
    gd_color color[256];
    for (int i = 0; i < 256; i++) color[i] = gd_map_color(i);
    for (int y = 0; y < c->height; y++) {
        uint8_t       *to = gd_canvas_row(c, y);
        const uint8_t *id = map + (size_t)y * (size_t)c->width;
        for (int x = 0; x < c->width; x++, to += 3)
            if (id[x] != clear) gd_blend(to, color[id[x]], alpha);
    }
}

gd_status gd_draw_legend(const gd_canvas *c, const gd_legend_line *lines, int n, bool captioned,
                         const gd_draw_style *style, gd_error *err) {
    GD_TRY(gd_canvas_check(c, err));
    const float font = gd_style_font_size(c, style), rise = gd_text_ascent(font);
    const int   pad = (int)ceilf(0.4f * font), step = (int)ceilf(1.45f * font);
    const int   side = (int)ceilf(rise), left = 3 * pad + side;
    const int   top = captioned ? 3 * pad + step : pad;
    float       widest = 0;
    for (int i = 0; i < n; i++) widest = fmaxf(widest, gd_text_width(lines[i].text, font));
    if (n < 1) return GD_OK;
    gd_fill_rect(c, pad, top, pad + left + (int)ceilf(widest), top + pad + n * step,
                 (gd_color){0, 0, 0}, 160);
    for (int i = 0, y = top + pad; i < n; i++, y += step) {
        gd_fill_rect(c, 2 * pad, y, 2 * pad + side, y + side, lines[i].color, 255);
        gd_draw_text(c, (float)(left + pad / 2), (float)(y + side), lines[i].text, font,
                     (gd_color){255, 255, 255});
    }
    return GD_OK;
}

/* In place, the mean of 2 r + 1 neighbours along one axis, as far as there are any. */
static void smear(uint8_t *v, int n, size_t step, int r, uint8_t *line) {
    int sum = 0, count = 0;
    for (int i = 0; i < n; i++) line[i] = v[(size_t)i * step];
    for (int i = 0; i < r && i < n; i++, count++) sum += line[i];
    for (int i = 0; i < n; i++) {
        if (i + r < n) sum += line[i + r], count++;
        if (i > r) sum -= line[i - r - 1], count--;
        v[(size_t)i * step] = (uint8_t)((sum + count / 2) / count);
    }
}

void gd_soften(uint8_t *alpha, int width, int height, int radius, uint8_t *line) {
    if (radius < 1) return;
    for (int y = 0; y < height; y++)
        smear(alpha + (size_t)y * (size_t)width, width, 1, radius, line);
    for (int x = 0; x < width; x++) smear(alpha + x, height, (size_t)width, radius, line);
}
