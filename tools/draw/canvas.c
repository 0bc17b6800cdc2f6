/* canvas.c -- rectangles, discs and lines, clipped to the picture. */
#include "tools/draw/canvas.h"

#include <math.h>
#include <string.h>

static int clamp_int(int v, int lo, int hi) { return v < lo ? lo : v > hi ? hi : v; }

gd_draw_style gd_draw_defaults(void) {
    gd_draw_style s = {.line_width = 0, .font_scale = 1, .no_labels = false, .no_conf = false};
    return s;
}

gd_status gd_canvas_check(const gd_canvas *c, gd_error *err) {
    if (!c || !c->rgb || c->width < 1 || c->height < 1 || c->width > 65535 ||
        c->height > 65535 || (c->stride && c->stride < 3 * (size_t)c->width))
        return gd_fail(err, GD_ERR_ARG, "a canvas of %dx%d, stride %zu, cannot be drawn on",
                       c ? c->width : 0, c ? c->height : 0, c ? c->stride : 0);
    return GD_OK;
}

/* Large pictures are looked at from farther away: sizes grow with the picture, but slower. */
float gd_style_font_size(const gd_canvas *c, const gd_draw_style *style) {
    const float x_height = 1120.0f / 2048.0f; /* of an em, in the DejaVu family */
    float       mean = 0.5f * (float)(c->width + c->height);
    float       scale = style->font_scale > 0 ? style->font_scale : 1;
    float       size = fmaxf(10.0f, 7.5f + 0.0125f * mean) * scale;
    size = gd_clampf(size, 6, 1024);
    /* Whole pixels of x-height keep the tops of small letters crisp. */
    return roundf(x_height * size) / x_height;
}

int gd_style_line_width(const gd_canvas *c, const gd_draw_style *style) {
    float mean = 0.5f * (float)(c->width + c->height);
    float width = style->line_width > 0 ? style->line_width : 1.0f + 0.002f * mean;
    return (int)lrintf(gd_clampf(width, 1, 4096));
}

void gd_fill_rect(const gd_canvas *c, int x1, int y1, int x2, int y2, gd_color color,
                  int alpha) {
    x1 = clamp_int(x1, 0, c->width);
    x2 = clamp_int(x2, 0, c->width);
    y1 = clamp_int(y1, 0, c->height);
    y2 = clamp_int(y2, 0, c->height);
    alpha = clamp_int(alpha, 0, 255);
    if (x1 >= x2 || y1 >= y2) return;
    const size_t bytes = 3 * (size_t)(x2 - x1);
    uint8_t     *first = gd_canvas_row(c, y1) + 3 * (size_t)x1;
    for (int y = y1; y < y2; y++) {
        uint8_t *row = gd_canvas_row(c, y) + 3 * (size_t)x1;
        if (alpha == 255 && y > y1) { /* opaque rows are all alike */
            memcpy(row, first, bytes);
            continue;
        }
        for (int x = 0; x < x2 - x1; x++) gd_blend(row + 3 * (size_t)x, color, alpha);
    }
}

/* Four bars that do not overlap, so that a translucent outline has even corners. */
static void outline(const gd_canvas *c, int x1, int y1, int x2, int y2, int width,
                    gd_color color, int alpha) {
    if (x2 <= x1 || y2 <= y1) return;
    if (width > (x2 - x1 + 1) / 2) width = (x2 - x1 + 1) / 2;
    if (width > (y2 - y1 + 1) / 2) width = (y2 - y1 + 1) / 2;
    int top = y1 + width, bottom = y2 - width > top ? y2 - width : top;
    int left = x1 + width, right = x2 - width > left ? x2 - width : left;
    gd_fill_rect(c, x1, y1, x2, top, color, alpha);
    gd_fill_rect(c, x1, bottom, x2, y2, color, alpha);
    gd_fill_rect(c, x1, top, left, bottom, color, alpha);
    gd_fill_rect(c, right, top, x2, bottom, color, alpha);
}

void gd_draw_rect(const gd_canvas *c, int x1, int y1, int x2, int y2, int width,
                  gd_color color) {
    outline(c, x1, y1, x2, y2, width < 1 ? 1 : width, color, 255);
}

/* Coverage of a pixel whose centre is `distance` from a line's middle, `half` wide on each
 * side. */
static int edge_alpha(float distance, float half) {
    float cover = gd_clampf(half + 0.5f - distance, 0, 1);
    return (int)lrintf(255.0f * cover);
}

void gd_draw_line(const gd_canvas *c, float x1, float y1, float x2, float y2, float width,
                  gd_color color) {
    float half = 0.5f * width, dx = x2 - x1, dy = y2 - y1, len2 = dx * dx + dy * dy;
    float reach = half + 1.0f;
    if (!isfinite(len2) || !isfinite(width) || width <= 0) return;
    float left = gd_clampf(fminf(x1, x2) - reach, 0, (float)c->width);
    float right = gd_clampf(fmaxf(x1, x2) + reach, 0, (float)c->width);
    float top = gd_clampf(fminf(y1, y2) - reach, 0, (float)c->height);
    float bottom = gd_clampf(fmaxf(y1, y2) + reach, 0, (float)c->height);
    for (int y = (int)top; (float)y < bottom; y++) {
        uint8_t *row = gd_canvas_row(c, y);
        for (int x = (int)left; (float)x < right; x++) {
            /* From the pixel's centre to the nearest point of the segment. */
            float px = (float)x + 0.5f - x1, py = (float)y + 0.5f - y1;
            float t = len2 > 0 ? gd_clampf((px * dx + py * dy) / len2, 0, 1) : 0;
            float ex = px - t * dx, ey = py - t * dy;
            gd_blend(row + 3 * x, color, edge_alpha(sqrtf(ex * ex + ey * ey), half));
        }
    }
}

void gd_draw_disc(const gd_canvas *c, float x, float y, float radius, gd_color color) {
    gd_draw_line(c, x, y, x, y, 2.0f * radius, color);
}
