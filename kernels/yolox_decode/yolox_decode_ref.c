/* yolox_decode_ref.c -- the definition of YOLOX decoding. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/ref.h"
#include "kernels/yolox_decode/yolox_decode.h"

static gd_real sigmoid(gd_real x) { return 1 / (1 + exp(-x)); }

gd_status GD_REF(yolox_decode)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_yolox_decode *a = l->attr;
    const int64_t          B = l->out[0]->dim[0], n = l->out[0]->dim[1];
    int64_t                first = 0;
    for (int lv = 0; lv < a->n_level; lv++) {
        const gd_tensor *f = l->in[lv];
        const int64_t    W = f->dim[2], plane = f->dim[1] * W, C = f->dim[3] - 5;
        const gd_real    s = GD_REAL(a->stride[lv]);
        for (int64_t i = 0; i < B * plane; i++) {
            const gd_real *v = GD_AT(const gd_real, f, i);
            const int64_t  b = i / plane, at = first + i % plane;
            const gd_real  cx = (v[0] + GD_REAL(i % W)) * s, w = exp(v[2]) * s;
            const gd_real  cy = (v[1] + GD_REAL(i % plane / W)) * s, h = exp(v[3]) * s;
            gd_real       *o = GD_AT(gd_real, l->out[0], b * n + at);
            o[0] = cx - w / 2;
            o[1] = cy - h / 2;
            o[2] = cx + w / 2;
            o[3] = cy + h / 2;
            int64_t best = 0;
            for (int64_t c = 1; c < C; c++)
                if (sigmoid(v[5 + c]) > sigmoid(v[5 + best])) best = c;
            GD_AT(gd_real, l->out[1], b)[at] = sigmoid(v[4]) * sigmoid(v[5 + best]);
            GD_AT(int32_t, l->out[2], b)[at] = (int32_t)best;
        }
        first += plane;
    }
    return GD_OK;
}
