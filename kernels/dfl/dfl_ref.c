/* dfl_ref.c -- the definition of boxes from distributions, and of its gradient. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/dfl/dfl.h"
#include "kernels/ref.h"

/* The softmax of a row into p, its expectation returned. */
static gd_real expectation(const gd_real *x, int64_t bins, gd_real *p) {
    gd_real top = -INFINITY, sum = 0, e = 0;
    for (int64_t k = 0; k < bins; k++) top = x[k] > top ? x[k] : top;
    for (int64_t k = 0; k < bins; k++) sum += p[k] = exp(x[k] - top);
    for (int64_t k = 0; k < bins; k++) e += GD_REAL(k) * (p[k] /= sum);
    return e;
}

gd_status GD_REF(dfl)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_dfl *a = l->attr;
    const int64_t n = l->out[0]->dim[1];
    gd_real       p[GD_DFL_MAX_BINS];
    int64_t       first = 0;
    for (int lv = 0; lv < a->n_level; lv++) {
        const gd_tensor *x = l->in[lv];
        const int64_t    W = x->dim[2], cells = x->dim[1] * W, bins = x->dim[3] / 4;
        for (int64_t i = 0; i < x->dim[0] * cells; i++) {
            const gd_real *v = GD_AT(const gd_real, x, i);
            gd_real       *o = GD_AT(gd_real, l->out[0], i / cells * n + first + i % cells);
            for (int side = 0; side < 4; side++) {
                const gd_real d = expectation(v + side * bins, bins, p);
                const gd_real at = GD_REAL(side % 2 ? i % cells / W : i % W) + GD_REAL(0.5);
                o[side] = (side < 2 ? at - d : at + d) * GD_REAL(a->stride[lv]);
            }
        }
        first += cells;
    }
    return GD_OK;
}

/* In: d_boxes, x. The expectation e of p has de/dx_k = p_k (k - e). */
gd_status GD_REF(dfl_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_dfl_bwd *a = l->attr;
    const gd_tensor  *x = l->in[1];
    const int64_t     cells = x->dim[1] * x->dim[2], bins = x->dim[3] / 4;
    const int64_t     n = l->in[0]->dim[1];
    for (int64_t i = 0; i < x->dim[0] * cells; i++) {
        const gd_real *d = GD_AT(const gd_real, l->in[0], i / cells * n + a->first + i % cells);
        for (int side = 0; side < 4; side++) {
            gd_real      *o = GD_AT(gd_real, l->out[0], i) + side * bins;
            const gd_real e = expectation(GD_AT(const gd_real, x, i) + side * bins, bins, o);
            const gd_real s = (side < 2 ? -d[side] : d[side]) * GD_REAL(a->stride);
            for (int64_t k = 0; k < bins; k++) o[k] *= (GD_REAL(k) - e) * s;
        }
    }
    return GD_OK;
}
