/* axes.c -- what charts share: their colours, the marks of an axis, text that runs upwards. */
#include <math.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "tools/plot/plot.h"

gd_color gd_plot_color(int i) {
    /* Tableau 10, by Maureen Stone; the order keeps neighbours apart. */
    static const gd_color ten[] = {
        {78, 121, 167}, {242, 142, 43},  {225, 87, 89},   {118, 183, 178}, {89, 161, 79},
        {237, 201, 72}, {176, 122, 161}, {255, 157, 167}, {156, 117, 95},  {186, 176, 172}};
    const int n = (int)(sizeof ten / sizeof *ten);
    return ten[((i % n) + n) % n];
}

void gd_plot_free(gd_plot_picture *p) {
    gd_mem_put(p->pixels);
    *p = (gd_plot_picture){0};
}

int gd_plot_marks(double low, double high, int most, double *first, double *step) {
    static const double round_steps[] = {1, 2, 5, 10};
    const double        range = high - low;
    if (!(range > 0) || !isfinite(range) || most < 2) return 0;
    const double least = range / (most - 1), power = pow(10, floor(log10(least)));
    *step = 10 * power;
    for (int i = 3; i >= 0; i--)
        if (round_steps[i] * power >= least * (1 - 1e-9)) *step = round_steps[i] * power;
    *first = ceil(low / *step - 1e-9) * *step;
    return (int)floor((high - *first) / *step + 1e-9) + 1;
}

gd_status gd_plot_text_up(const gd_canvas *c, float x, float y, const char *text, float size,
                          gd_color color, gd_error *err) {
    const int width = (int)gd_text_width(text, size) + 2;
    const int up = (int)gd_text_ascent(size) + 2, height = up + (int)gd_text_descent(size) + 3;
    const size_t stride = c->stride ? c->stride : 3 * (size_t)c->width;
    const int    left = (int)x - up, top = (int)y - width;
    size_t       cells;
    uint8_t     *pixels = NULL;
    if (width > 0 && width < 1 << 16 && gd_mul_size((size_t)width, (size_t)height, &cells))
        pixels = gd_mem_array(cells, 3);
    if (!pixels) return gd_fail(err, GD_ERR_NOMEM, "no memory to turn a text");
    gd_canvas line = {.rgb = pixels, .width = width, .height = height};
    /* What lies below is turned down, the text is drawn on it, and all is turned up again. */
    for (int back = 0; back < 2; back++) {
        for (int j = 0; j < height; j++)
            for (int i = 0; i < width; i++) {
                const int px = left + j, py = top + width - 1 - i;
                if (px < 0 || py < 0 || px >= c->width || py >= c->height) continue;
                uint8_t *there = c->rgb + (size_t)py * stride + 3 * (size_t)px;
                uint8_t *here = pixels + 3 * ((size_t)j * (size_t)width + (size_t)i);
                memcpy(back ? there : here, back ? here : there, 3);
            }
        if (!back) gd_draw_text(&line, 0, (float)up, text, size, color);
    }
    gd_mem_put(pixels);
    return GD_OK;
}
