/* draw.h -- shapes drawn on a picture, one after the other.
 *
 *   in 0  picture U8 [1, H, W, 3], RGB
 *   in 1  list    I32 [1 + room, 8]: a row whose first number says how many shapes follow, then
 *                 a gd_ink a row (ink.h)
 *   in 2  atlas   U8 [n], n <= 2^24: bitmaps of glyphs, 0 .. 255
 *   out   the picture with the shapes on it; may be in 0
 *
 * Whatever the list holds, nothing is read or written outside the tensors: a number of shapes
 * is kept in 0 .. room, shapes that are none draw nothing. It has no gradient. */
#ifndef GD_KERNELS_DRAW_H
#define GD_KERNELS_DRAW_H

#include "kernels/draw/ink.h"
#include "kernels/rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows [y1, y2) of a picture that is drawn on in place. */
typedef struct gdk_sheet {
    uint8_t *rgb; /* of row 0 */
    size_t   stride;
    int      width, height;
    int      y1, y2;
} gdk_sheet;

/* Draws one shape; `atlas` has `bytes`. */
void gdk_ink_draw(const gdk_sheet *s, const gd_ink *i, const uint8_t *atlas, int64_t bytes);

/* Shape k of a list, and how many it has. */
gd_ink  gdk_ink_at(const gd_tensor *list, int64_t k);
int64_t gdk_ink_count(const gd_tensor *list);

GD_REF_DECLARE(draw)
gd_status gdk_draw_cpu_u8(const gd_launch *l, gd_error *err);

#ifdef __cplusplus
}
#endif
#endif
