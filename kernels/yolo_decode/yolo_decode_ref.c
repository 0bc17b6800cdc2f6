/* yolo_decode_ref.c -- the definition of decoding anchor heads. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/ref.h"
#include "kernels/yolo_decode/yolo_decode.h"

static gd_real act(const gd_yolo_decode *a, gd_real x) {
    return a->logits ? 1 / (1 + exp(-x)) : x;
}

static gd_real size(const gd_yolo_decode *a, gd_real x, float anchor) {
    if (a->form == GD_YOLO_EXP) return exp(x) * GD_REAL(anchor);
    const gd_real s = 2 * act(a, x);
    return s * s * GD_REAL(anchor);
}

/* Anchor k of level lv at a cell: its numbers are v[5 + C], its row of the outputs `at`. */
static void one(const gd_launch *l, int lv, int k, const gd_real *v, int64_t C, gd_real column,
                gd_real line, int64_t b, int64_t at) {
    const gd_yolo_decode *a = l->attr;
    const int64_t         n = l->out[0]->dim[1], row = b * n + at;
    const gd_real         s = GD_REAL(a->stride[lv]), z = GD_REAL(a->scale_xy[lv]);
    const gd_real         cx = (act(a, v[0]) * z - (z - 1) / 2 + column) * s;
    const gd_real         cy = (act(a, v[1]) * z - (z - 1) / 2 + line) * s;
    const gd_real         w = size(a, v[2], a->anchor[lv][2 * k]);
    const gd_real         h = size(a, v[3], a->anchor[lv][2 * k + 1]), object = act(a, v[4]);
    gd_real              *o = GD_AT(gd_real, l->out[0], row);
    int64_t               best = 0;
    o[0] = cx - w / 2;
    o[1] = cy - h / 2;
    o[2] = cx + w / 2;
    o[3] = cy + h / 2;
    for (int64_t c = 0; c < C; c++) {
        if (a->multi) GD_AT(gd_real, l->out[1], row)[c] = object * act(a, v[5 + c]);
        if (act(a, v[5 + c]) > act(a, v[5 + best])) best = c;
    }
    if (!a->multi) GD_AT(gd_real, l->out[1], b)[at] = object * act(a, v[5 + best]);
    GD_AT(int32_t, l->out[2], b)[at] = (int32_t)best;
}

gd_status GD_REF(yolo_decode)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_yolo_decode *a = l->attr;
    int64_t               first = 0;
    for (int lv = 0; lv < a->n_level; lv++) {
        const gd_tensor *f = l->in[lv];
        const int64_t    W = f->dim[2], plane = f->dim[1] * W, A = a->n_anchor[lv];
        const int64_t    each = f->dim[3] / A;
        for (int64_t i = 0; i < f->dim[0] * plane; i++)
            for (int k = 0; k < A; k++)
                one(l, lv, k, GD_AT(const gd_real, f, i) + k * each, each - 5, GD_REAL(i % W),
                    GD_REAL(i % plane / W), i / plane, first + i % plane * A + k);
        first += plane * A;
    }
    return GD_OK;
}
