/* roi_align_ref.c -- the definition of RoIAlign, and of its gradient to one feature. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/ref.h"
#include "kernels/roi_align/roi_align.h"

/* A box in feature pixels and its sampling grid. */
typedef struct roi {
    gd_real x, y, bin_w, bin_h;
    int     grid_w, grid_h;
    gd_real count;
} roi;

static int grid_of(gd_real bin) {
    const gd_real g = ceil(bin);
    return g > GD_ROI_MAX_GRID ? GD_ROI_MAX_GRID : g > 0 ? (int)g : 0;
}

/* False where the box gives zeros. */
static bool roi_of(const gd_roi_align *a, const gd_real *p, gd_real scale, roi *r) {
    for (int c = 0; c < 4; c++)
        if (!isfinite(p[c])) return false;
    const gd_real shift = a->aligned ? GD_REAL(0.5) : 0;
    r->x = p[0] * scale - shift;
    r->y = p[1] * scale - shift;
    gd_real w = p[2] * scale - shift - r->x, h = p[3] * scale - shift - r->y;
    if (!a->aligned) {
        w = w > 1 ? w : 1;
        h = h > 1 ? h : 1;
    }
    r->bin_w = w / GD_REAL(a->out_w);
    r->bin_h = h / GD_REAL(a->out_h);
    r->grid_w = a->sampling ? a->sampling : grid_of(r->bin_w);
    r->grid_h = a->sampling ? a->sampling : grid_of(r->bin_h);
    const int count = r->grid_w * r->grid_h;
    r->count = GD_REAL(count > 1 ? count : 1);
    return true;
}

/* Neighbours and weights of one sampling coordinate on an axis of `size` pixels; false where it
 * lies outside. */
typedef struct tap {
    int64_t lo, hi;
    gd_real w_lo, w_hi;
} tap;

static bool tap_of(gd_real at, int64_t size, tap *t) {
    if (!(at >= -1) || !(at <= GD_REAL(size))) return false;
    if (at <= 0) at = 0;
    t->lo = (int64_t)at;
    t->hi = t->lo + 1;
    if (t->lo >= size - 1) {
        t->lo = t->hi = size - 1;
        at = GD_REAL(t->lo);
    }
    t->w_hi = at - GD_REAL(t->lo);
    t->w_lo = 1 - t->w_hi;
    return true;
}

/* Level of box i of picture b, or -1 where its row is zero. */
static int level_of(const gd_tensor *count, const gd_tensor *level, int64_t b, int64_t i,
                    int64_t n, int n_scale) {
    if (i >= gdk_count(count, b, n)) return -1;
    const int32_t v = level ? GD_AT(const int32_t, level, b)[i] : 0;
    return v < n_scale ? v : -1;
}

/* Sampling point (iy, ix) of bin (p, q): false where it lies outside the feature. */
static bool point(const roi *r, int64_t p, int64_t q, int iy, int ix, const gd_tensor *f,
                  tap *ty, tap *tx) {
    const gd_real half = GD_REAL(0.5);
    const gd_real y =
        r->y + GD_REAL(p) * r->bin_h + (GD_REAL(iy) + half) * r->bin_h / GD_REAL(r->grid_h);
    const gd_real x =
        r->x + GD_REAL(q) * r->bin_w + (GD_REAL(ix) + half) * r->bin_w / GD_REAL(r->grid_w);
    return tap_of(y, f->dim[1], ty) && tap_of(x, f->dim[2], tx);
}

gd_status GD_REF(roi_align)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_roi_align *a = l->attr;
    const int64_t       B = l->in[0]->dim[0], n = l->in[0]->dim[1], C = l->out[0]->dim[3];
    for (int64_t row = 0; row < B * n; row++) {
        const int        lv = level_of(l->in[1], l->in[2], row / n, row % n, n, a->n_scale);
        const gd_tensor *f = lv < 0 ? NULL : l->in[3 + lv];
        roi              r;
        if (f && !roi_of(a, GD_AT(const gd_real, l->in[0], row), a->scale[lv], &r)) f = NULL;
        for (int64_t bin = 0; bin < a->out_h * a->out_w; bin++) {
            gd_real *o = GD_AT(gd_real, l->out[0], row * a->out_h * a->out_w + bin);
            for (int64_t c = 0; c < C; c++) o[c] = 0;
            for (int iy = 0; f && iy < r.grid_h; iy++)
                for (int ix = 0; ix < r.grid_w; ix++) {
                    tap ty, tx;
                    if (!point(&r, bin / a->out_w, bin % a->out_w, iy, ix, f, &ty, &tx))
                        continue;
                    const int64_t  top = (row / n * f->dim[1] + ty.lo) * f->dim[2];
                    const int64_t  low = (row / n * f->dim[1] + ty.hi) * f->dim[2];
                    const gd_real *v1 = GD_AT(const gd_real, f, top + tx.lo);
                    const gd_real *v2 = GD_AT(const gd_real, f, top + tx.hi);
                    const gd_real *v3 = GD_AT(const gd_real, f, low + tx.lo);
                    const gd_real *v4 = GD_AT(const gd_real, f, low + tx.hi);
                    for (int64_t c = 0; c < C; c++)
                        o[c] += ty.w_lo * tx.w_lo * v1[c] + ty.w_lo * tx.w_hi * v2[c] +
                                ty.w_hi * tx.w_lo * v3[c] + ty.w_hi * tx.w_hi * v4[c];
                }
            for (int64_t c = 0; f && c < C; c++) o[c] /= r.count;
        }
    }
    return GD_OK;
}

/* Adds weight * d to a pixel of the gradient. */
static void add(gd_tensor *d_f, int64_t pixel, gd_real weight, const gd_real *d,
                gd_real count) {
    gd_real *o = GD_AT(gd_real, d_f, pixel);
    for (int64_t c = 0; c < d_f->dim[3]; c++) o[c] += d[c] * weight / count;
}

gd_status GD_REF(roi_align_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_roi_align_bwd *a = l->attr;
    const gd_roi_align     *fwd = &a->fwd;
    const int64_t           B = l->in[1]->dim[0], n = l->in[1]->dim[1];
    gd_tensor              *f = l->out[0];
    for (int64_t p = 0; p < gd_tensor_pixels(f); p++)
        for (int64_t c = 0; c < f->dim[3]; c++) GD_AT(gd_real, f, p)[c] = 0;
    for (int64_t row = 0; row < B * n; row++) {
        roi r;
        if (level_of(l->in[2], l->in[3], row / n, row % n, n, fwd->n_scale) != a->which)
            continue;
        if (!roi_of(fwd, GD_AT(const gd_real, l->in[1], row), fwd->scale[a->which], &r))
            continue;
        for (int64_t bin = 0; bin < fwd->out_h * fwd->out_w; bin++)
            for (int iy = 0; iy < r.grid_h; iy++)
                for (int ix = 0; ix < r.grid_w; ix++) {
                    tap            ty, tx;
                    const gd_real *d =
                        GD_AT(const gd_real, l->in[0], row * fwd->out_h * fwd->out_w + bin);
                    if (!point(&r, bin / fwd->out_w, bin % fwd->out_w, iy, ix, f, &ty, &tx))
                        continue;
                    const int64_t top = (row / n * f->dim[1] + ty.lo) * f->dim[2];
                    const int64_t low = (row / n * f->dim[1] + ty.hi) * f->dim[2];
                    add(f, top + tx.lo, ty.w_lo * tx.w_lo, d, r.count);
                    add(f, top + tx.hi, ty.w_lo * tx.w_hi, d, r.count);
                    add(f, low + tx.lo, ty.w_hi * tx.w_lo, d, r.count);
                    add(f, low + tx.hi, ty.w_hi * tx.w_hi, d, r.count);
                }
    }
    return GD_OK;
}
