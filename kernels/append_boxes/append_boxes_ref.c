/* append_boxes_ref.c -- the definition of boxes behind boxes. */
#include "kernels/append_boxes/append_boxes.h"
#include "kernels/arg.h"
#include "kernels/ref.h"

gd_status GD_REF(append_boxes)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t P = l->in[0]->dim[1], G = l->in[2]->dim[1], rows = P + G;
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++) {
        const int64_t n = gdk_count(l->in[1], b, P), all = n + gdk_count(l->in[3], b, G);
        for (int64_t i = 0; i < rows; i++) {
            gd_real *o = GD_AT(gd_real, l->out[0], b * rows + i);
            for (int c = 0; c < 4; c++)
                o[c] = i < n     ? GD_AT(const gd_real, l->in[0], b *P + i)[c]
                       : i < all ? GD_AT(const gd_real, l->in[2], b *G + i - n)[c]
                                 : 0;
        }
        ((int32_t *)l->out[1]->data)[b] = (int32_t)all;
    }
    return GD_OK;
}
