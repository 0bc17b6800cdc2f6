/* box_decode_ref.c -- the definition of box decoding. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/box_decode/box_decode.h"
#include "kernels/ref.h"

/* One group: the operations stand in BoxCoder's order, so that float32 rounds alike. */
static void decode(const gd_box_decode *a, const gd_real *d, const gd_real *anchor,
                   gd_real *o) {
    const gd_real w = anchor[2] - anchor[0], h = anchor[3] - anchor[1];
    const gd_real cx = anchor[0] + GD_REAL(0.5) * w, cy = anchor[1] + GD_REAL(0.5) * h;
    const gd_real most = GD_REAL(a->max_log);
    const gd_real dx = d[0] / GD_REAL(a->weights[0]), dy = d[1] / GD_REAL(a->weights[1]);
    gd_real       dw = d[2] / GD_REAL(a->weights[2]), dh = d[3] / GD_REAL(a->weights[3]);
    if (dw > most) dw = most;
    if (dh > most) dh = most;
    const gd_real px = dx * w + cx, py = dy * h + cy;
    const gd_real half_w = GD_REAL(0.5) * (exp(dw) * w);
    const gd_real half_h = GD_REAL(0.5) * (exp(dh) * h);
    o[0] = px - half_w;
    o[1] = py - half_h;
    o[2] = px + half_w;
    o[3] = py + half_h;
}

static gd_real keep_in(gd_real v, gd_real most) { return v < 0 ? 0 : v > most ? most : v; }

gd_status GD_REF(box_decode)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_box_decode *a = l->attr;
    const gd_tensor     *index = l->n_in > 2 ? l->in[2] : NULL;
    const int64_t        B = l->in[0]->dim[0], n = l->in[0]->dim[1], k = l->out[0]->dim[1];
    const int64_t        C = l->in[0]->dim[2];
    for (int64_t b = 0; b < B; b++)
        for (int64_t j = 0; j < k; j++) {
            const int64_t i = index ? GD_AT(const int32_t, index, b)[j] : j;
            gd_real      *o = GD_AT(gd_real, l->out[0], b * k + j);
            if (i < 0 || i >= n) {
                for (int64_t c = 0; c < C; c++) o[c] = 0;
                continue;
            }
            const gd_real *d = GD_AT(const gd_real, l->in[0], b *n + i);
            const int64_t  row = l->in[1]->ndim == 2 ? i : b * n + i;
            for (int64_t c = 0; c < C; c += 4)
                decode(a, d + c, GD_AT(const gd_real, l->in[1], row), o + c);
            if (!a->clip) continue;
            const gd_real *geom = GD_AT(const gd_real, l->in[3], b);
            for (int64_t c = 0; c < C; c++)
                o[c] = keep_in(o[c], geom[c % 2 ? GD_GEOM_NEW_H : GD_GEOM_NEW_W]);
        }
    return GD_OK;
}
