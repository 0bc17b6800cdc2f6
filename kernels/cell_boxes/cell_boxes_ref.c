/* cell_boxes_ref.c -- the definition of boxes of cells, their gradient, and back. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/cell_boxes/cell_boxes.h"
#include "kernels/ref.h"

gd_status GD_REF(cell_boxes)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *x = l->in[0];
    const int64_t    H = x->dim[1], W = x->dim[2];
    const gd_real    s = GD_REAL(((const gd_cell_boxes *)l->attr)->stride);
    for (int64_t i = 0; i < x->dim[0] * H * W; i++) {
        const gd_real *v = GD_AT(const gd_real, x, i);
        const gd_real  cx = (v[0] + GD_REAL(i % W)) * s, w = exp(v[2]) * s;
        const gd_real  cy = (v[1] + GD_REAL(i / W % H)) * s, h = exp(v[3]) * s;
        gd_real       *o = GD_AT(gd_real, l->out[0], i);
        o[0] = cx - w / 2;
        o[1] = cy - h / 2;
        o[2] = cx + w / 2;
        o[3] = cy + h / 2;
    }
    return GD_OK;
}

gd_status GD_REF(cell_boxes_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_real s = GD_REAL(((const gd_cell_boxes *)l->attr)->stride);
    for (int64_t i = 0; i < gd_tensor_pixels(l->in[1]); i++) {
        const gd_real *d = GD_AT(const gd_real, l->in[0], i);
        const gd_real *v = GD_AT(const gd_real, l->in[1], i);
        gd_real       *o = GD_AT(gd_real, l->out[0], i);
        for (int c = 0; c < 2; c++) {
            o[c] = (d[c] + d[c + 2]) * s;
            o[c + 2] = (d[c + 2] - d[c]) / 2 * (exp(v[c + 2]) * s);
        }
    }
    return GD_OK;
}

gd_status GD_REF(cell_encode)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t G = l->in[0]->dim[1], A = l->in[1]->dim[1];
    for (int64_t row = 0; row < l->in[0]->dim[0] * A; row++) {
        const int32_t  g = GD_AT(const int32_t, l->in[1], row / A)[row % A];
        const gd_real *at = GD_AT(const gd_real, l->in[2], row % A);
        const gd_real  s = at[2];
        gd_real       *o = GD_AT(gd_real, l->out[0], row);
        for (int c = 0; c < 4; c++) o[c] = 0;
        if (g < 0 || g >= G) continue;
        const gd_real *gt = GD_AT(const gd_real, l->in[0], row / A * G + g);
        for (int c = 0; c < 2; c++) {
            o[c] = (gt[c] + gt[c + 2]) / 2 / s - (at[c] / s - GD_REAL(0.5));
            o[c + 2] = log((gt[c + 2] - gt[c]) / s + GD_REAL(1e-8));
        }
    }
    return GD_OK;
}
