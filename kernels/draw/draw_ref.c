/* draw_ref.c -- the definition of a drawing: every shape over the pixels of its area, in order.
 */
#include "kernels/arg.h"
#include "kernels/draw/draw.h"
#include "kernels/ref.h"

static void draw_pixel(const gd_launch *l, const gd_ink *i, int x, int y) {
    uint8_t  *p = GD_AT(uint8_t, l->out[0], y * l->out[0]->dim[2] + x);
    const int alpha = gdk_ink_alpha(i, x, y, l->in[2]->data);
    for (int c = 0; c < 3; c++) p[c] = (uint8_t)gdk_blend(p[c], i->color >> 8 * c & 255, alpha);
}

gd_status GD_REF(draw)(const gd_launch *l, gd_error *err) {
    const gd_tensor *list = l->in[1];
    const int        height = (int)l->in[0]->dim[1], width = (int)l->in[0]->dim[2];
    (void)err;
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++)
        for (int c = 0; c < 3; c++)
            GD_AT(uint8_t, l->out[0], p)[c] = GD_AT(const uint8_t, l->in[0], p)[c];
    for (int64_t k = 0; k < gdk_ink_count(list); k++) {
        const gd_ink   i = gdk_ink_at(list, k);
        const gdk_area a = gdk_ink_area(&i, width, height, gd_tensor_count(l->in[2]));
        for (int y = a.y1; y < a.y2; y++)
            for (int x = a.x1; x < a.x2; x++) draw_pixel(l, &i, x, y);
    }
    return GD_OK;
}
