/* anchors_ref.c -- the definition of the anchor grid. */
#include "kernels/anchors/anchors.h"
#include "kernels/arg.h"
#include "kernels/ref.h"

gd_status GD_REF(anchors)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_anchors *a = l->attr;
    const int64_t     H = l->in[0]->dim[1], W = l->in[0]->dim[2];
    int64_t           row = 0;
    for (int64_t y = 0; y < H; y++)
        for (int64_t x = 0; x < W; x++)
            for (int r = 0; r < a->n_ratio; r++)
                for (int s = 0; s < a->n_size; s++) {
                    const float   h_ratio = sqrtf(a->ratio[r]), w_ratio = 1.0f / h_ratio;
                    const float   w = w_ratio * a->size[s], h = h_ratio * a->size[s];
                    const gd_real cx = (gd_real)(x * a->stride_w),
                                  cy = (gd_real)(y * a->stride_h);
                    gd_real *o = GD_AT(gd_real, l->out[0], row++);
                    o[0] = cx + (gd_real)rintf(-w / 2);
                    o[1] = cy + (gd_real)rintf(-h / 2);
                    o[2] = cx + (gd_real)rintf(w / 2);
                    o[3] = cy + (gd_real)rintf(h / 2);
                }
    return GD_OK;
}
