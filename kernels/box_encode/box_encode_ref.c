/* box_encode_ref.c -- the definition of regression targets. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/box_encode/box_encode.h"
#include "kernels/ref.h"

/* In BoxCoder's order of operations, so that float32 rounds alike. */
static void encode(const float *weights, const gd_real *gt, const gd_real *box, gd_real *o) {
    const gd_real w = box[2] - box[0], h = box[3] - box[1];
    const gd_real gw = gt[2] - gt[0], gh = gt[3] - gt[1];
    if (!(w > 0 && h > 0 && gw > 0 && gh > 0)) return;
    const gd_real cx = box[0] + GD_REAL(0.5) * w, cy = box[1] + GD_REAL(0.5) * h;
    const gd_real gx = gt[0] + GD_REAL(0.5) * gw, gy = gt[1] + GD_REAL(0.5) * gh;
    o[0] = GD_REAL(weights[0]) * (gx - cx) / w;
    o[1] = GD_REAL(weights[1]) * (gy - cy) / h;
    o[2] = GD_REAL(weights[2]) * log(gw / w);
    o[3] = GD_REAL(weights[3]) * log(gh / h);
}

gd_status GD_REF(box_encode)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_box_encode *a = l->attr;
    const int64_t        G = l->in[0]->dim[1], n = l->in[1]->dim[1];
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++)
        for (int64_t i = 0; i < n; i++) {
            const int32_t g = GD_AT(const int32_t, l->in[1], b)[i];
            gd_real      *o = GD_AT(gd_real, l->out[0], b * n + i);
            for (int c = 0; c < 4; c++) o[c] = 0;
            if (g < 0 || g >= G) continue;
            encode(a->weights, GD_AT(const gd_real, l->in[0], b *G + g),
                   GD_AT(const gd_real, l->in[2], l->in[2]->ndim == 2 ? i : b * n + i), o);
        }
    return GD_OK;
}
