/* canvas.h -- what the drawing files share: shapes put on a canvas, and the sizes that a
 * picture asks for. */
#ifndef GD_TOOLS_DRAW_CANVAS_H
#define GD_TOOLS_DRAW_CANVAS_H

#include "tools/draw/draw.h"

typedef struct gd_rect {
    int x1, y1, x2, y2;
} gd_rect;

/* One detection, laid out. `shown` is false for boxes without a visible part. */
struct gd_draw_mark {
    bool     shown;
    gd_color color;
    gd_rect  box, label; /* in pixels; the box clipped to the picture */
    char     text[232];
};

/* Mixes `color` into the pixel; alpha 0..255. The caller has clipped. */
static inline void gd_blend(uint8_t *pixel, gd_color color, int alpha) {
    pixel[0] = (uint8_t)gdk_blend(pixel[0], color.r, alpha);
    pixel[1] = (uint8_t)gdk_blend(pixel[1], color.g, alpha);
    pixel[2] = (uint8_t)gdk_blend(pixel[2], color.b, alpha);
}

static inline int32_t gd_ink_color(gd_color c) { return c.r | c.g << 8 | c.b << 16; }
/* Draws the shape on the picture, or puts it on the canvas's list. */
void gd_canvas_put(const gd_canvas *c, const gd_ink *i);

static inline uint8_t *gd_canvas_row(const gd_canvas *c, int y) {
    return c->rgb + (size_t)y * (c->stride ? c->stride : 3 * (size_t)c->width);
}

/* GD_ERR_ARG for what is no picture. */
gd_status gd_canvas_check(const gd_canvas *c, gd_error *err) GD_MUST_CHECK;

/* Font size in pixels and line width for a picture, as the style says. */
float gd_style_font_size(const gd_canvas *c, const gd_draw_style *style);
int   gd_style_line_width(const gd_canvas *c, const gd_draw_style *style);

#endif
