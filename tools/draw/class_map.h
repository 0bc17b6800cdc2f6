/* class_map.h -- maps of classes as colours, over a picture or alone. */
#ifndef GD_TOOLS_DRAW_CLASS_MAP_H
#define GD_TOOLS_DRAW_CLASS_MAP_H

#include "tools/draw/draw.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The colour of a class in Pascal VOC's colour map, for all 256 indices. */
gd_color gd_map_color(int class_id);
/* Lays colours over the picture, `alpha` (0 .. 255) of them; map has a class for each of its
 * pixels, row by row. Class `clear` (-1: none) is left as it is. */
void gd_draw_class_map(const gd_canvas *c, const uint8_t *map, int clear, int alpha);
/* What a colour stands for: "person 34.1 %". */
typedef struct gd_legend_line {
    gd_color color;
    char     text[80];
} gd_legend_line;
/* Lines on a dark translucent panel in the top left corner, each behind its colour; below the
 * caption of one line that `captioned` tells of. */
gd_status gd_draw_legend(const gd_canvas *c, const gd_legend_line *lines, int n, bool captioned,
                         const gd_draw_style *style, gd_error *err) GD_MUST_CHECK;
/* Softens the edges of a mask of width x height bytes: the mean of the 2 radius + 1 pixels
 * square around each. `line` is room for max(width, height) bytes. */
void gd_soften(uint8_t *alpha, int width, int height, int radius, uint8_t *line);

#ifdef __cplusplus
}
#endif
#endif
