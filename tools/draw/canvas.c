/* canvas.c -- rectangles, discs and lines, drawn or put on a list. */
#include "tools/draw/canvas.h"

#include <math.h>

#include "kernels/draw/draw.h"
#include "tools/draw/font/atlas.h"

gd_draw_style gd_draw_defaults(void) {
    gd_draw_style s = {.line_width = 0, .font_scale = 1, .no_labels = false, .no_conf = false};
    return s;
}

gd_status gd_canvas_check(const gd_canvas *c, gd_error *err) {
    if (!c || (!c->rgb && !c->list) || c->width < 1 || c->height < 1 || c->width > 65535 ||
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
    size = gdk_clampf(size, 6, 1024);
    /* Whole pixels of x-height keep the tops of small letters crisp. */
    return roundf(x_height * size) / x_height;
}

int gd_style_line_width(const gd_canvas *c, const gd_draw_style *style) {
    float mean = 0.5f * (float)(c->width + c->height);
    float width = style->line_width > 0 ? style->line_width : 1.0f + 0.002f * mean;
    return (int)lrintf(gdk_clampf(width, 1, 4096));
}

void gd_canvas_put(const gd_canvas *c, const gd_ink *i) {
    const gdk_sheet s = {.rgb = c->rgb,
                         .stride = c->stride ? c->stride : 3 * (size_t)c->width,
                         .width = c->width,
                         .height = c->height,
                         .y2 = c->height};
    gd_draw_list   *list = c->list;
    if (!list) {
        gdk_ink_draw(&s, i, gd_font_bits, gd_font_bytes);
        return;
    }
    const gdk_area a = gdk_ink_area(i, c->width, c->height, gd_font_bytes);
    if (a.x1 >= a.x2 || a.y1 >= a.y2) return;
    if (list->ink[0].kind == list->room)
        list->full = true;
    else
        list->ink[++list->ink[0].kind] = *i;
}

void gd_fill_rect(const gd_canvas *c, int x1, int y1, int x2, int y2, gd_color color,
                  int alpha) {
    const gd_ink i = {
        .kind = GD_INK_FILL, .color = gd_ink_color(color), .fill = {x1, y1, x2, y2, alpha}};
    gd_canvas_put(c, &i);
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

void gd_draw_line(const gd_canvas *c, float x1, float y1, float x2, float y2, float width,
                  gd_color color) {
    const gd_ink i = {
        .kind = GD_INK_LINE, .color = gd_ink_color(color), .line = {x1, y1, x2, y2, width}};
    gd_canvas_put(c, &i);
}

void gd_draw_disc(const gd_canvas *c, float x, float y, float radius, gd_color color) {
    gd_draw_line(c, x, y, x, y, 2.0f * radius, color);
}
