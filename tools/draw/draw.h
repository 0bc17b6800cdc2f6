/* draw.h -- detections drawn on pictures: boxes, labels, captions, points and trajectories.
 *
 * Nothing here reads a font at run time: the glyphs are baked at build time (font/bake.c).
 * Every shape is clipped to the picture, so boxes outside it, NaN coordinates and pictures of
 * one pixel are all allowed. Coordinates are pixels, (0, 0) being the top left corner of the
 * first pixel. */
#ifndef GD_TOOLS_DRAW_DRAW_H
#define GD_TOOLS_DRAW_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/status.h"
#include "kernels/draw/ink.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Shapes for operator draw (kernels/draw/draw.h). The caller owns the memory, and begins with
 * ink[0].kind 0. */
typedef struct gd_draw_list {
    gd_ink *ink; /* 1 + room: ink[0].kind says how many shapes follow */
    int     room;
    bool    full; /* more shapes came than there is room for */
} gd_draw_list;

/* A picture that is drawn on in place. The caller owns the pixels. */
typedef struct gd_canvas {
    uint8_t      *rgb;
    int           width, height; /* 1 .. 65535 */
    size_t        stride;        /* bytes from row to row; 0 meaning 3 * width */
    gd_draw_list *list; /* not NULL: shapes are put there instead, and rgb may be NULL */
} gd_canvas;

typedef struct gd_color {
    uint8_t r, g, b;
} gd_color;

typedef struct gd_draw_style {
    float line_width;  /* pixels; 0: from the size of the picture */
    float font_scale;  /* 1 is the size chosen from the picture */
    bool  no_labels;   /* boxes only */
    bool  no_conf;     /* `person`, not `person 0.92` */
    bool  track_color; /* what has a track id takes its colour from that, not from its class */
} gd_draw_style;

gd_draw_style gd_draw_defaults(void);

/* The colour of a class: the same in every picture of every run. */
gd_color gd_class_color(int class_id);
/* Black or white, whichever is read better on `back`, by relative luminance (WCAG 2). */
gd_color gd_contrast_color(gd_color back);

/* Draws boxes and labels, the best score (the first) on top. Labels read `name 0.92`, or
 * `ID:7 name 0.92` where `ids` is given and ids[i] >= 0. `names` holds n_names strings (UTF-8;
 * may be NULL: `class 3`), `ids` n numbers or NULL, `style` NULL means the defaults.
 * GD_ERR_ARG: a contract broken; GD_ERR_NOMEM: nothing was drawn. */
gd_status gd_draw_detections(const gd_canvas *c, const gd_detection *dets, int n,
                             const char *const *names, int n_names, const int64_t *ids,
                             const gd_draw_style *style, gd_error *err) GD_MUST_CHECK;

/* One detection as it is drawn: what gd_draw_detections looks up, and a second label. */
typedef struct gd_draw_item {
    gd_detection det;
    int64_t      id;      /* track; < 0: none */
    const char  *name;    /* of the class; NULL: `class 3` */
    char         sub[64]; /* `academic gown 0.41` behind the score, or "" */
} gd_draw_item;
/* Layout of one item; its size is the business of tools/draw/canvas.h. */
typedef struct gd_draw_mark gd_draw_mark;

/* Like gd_draw_detections, without allocating: `marks` is room for n. */
gd_status gd_draw_items(const gd_canvas *c, const gd_draw_item *items, int n,
                        gd_draw_mark *marks, const gd_draw_style *style,
                        gd_error *err) GD_MUST_CHECK;
/* The colour in which gd_draw_items shows the item. */
gd_color gd_item_color(const gd_draw_item *item, const gd_draw_style *style);

/* Lines of text (separated by \n) on a dark translucent panel in the top left corner: the top
 * classes of a classifier, or a frame rate. */
gd_status gd_draw_caption(const gd_canvas *c, const char *text, const gd_draw_style *style,
                          gd_error *err) GD_MUST_CHECK;

/* ---- single shapes, antialiased where they are not upright ------------------------------- */

/* The outline of [x1, x2) x [y1, y2), `width` pixels wide, all of it inside the rectangle. */
void gd_draw_rect(const gd_canvas *c, int x1, int y1, int x2, int y2, int width,
                  gd_color color);
/* Fills the rectangle; alpha 255 is opaque. */
void gd_fill_rect(const gd_canvas *c, int x1, int y1, int x2, int y2, gd_color color,
                  int alpha);
/* A point of a trajectory or a key point, and a line with round ends. */
void gd_draw_disc(const gd_canvas *c, float x, float y, float radius, gd_color color);
void gd_draw_line(const gd_canvas *c, float x1, float y1, float x2, float y2, float width,
                  gd_color color);

/* ---- text -------------------------------------------------------------------------------- */

/* Text of one line: ASCII, Latin-1 and the ellipsis; anything else shows the replacement sign.
 * */
/* Width in pixels at a font size of `size` pixels (em). */
float gd_text_width(const char *text, float size);
/* Pixels from the baseline up to the top of a capital, and down to the foot of a `g`. */
float gd_text_ascent(float size);
float gd_text_descent(float size);
/* Draws with the baseline at y, beginning at x. */
void gd_draw_text(const gd_canvas *c, float x, float y, const char *text, float size,
                  gd_color color);

#ifdef __cplusplus
}
#endif
#endif
