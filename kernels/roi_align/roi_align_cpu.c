/* roi_align_cpu.c -- RoIAlign with channels as vectors: a box a task, backward a band of rows.
 *
 * Backward, each thread owns some rows of the feature and walks over all boxes: a pixel gets
 * its contributions in the order of boxes, bins and sampling points, so the bits do not depend
 * on the number of threads and nothing is atomic. */
#include <math.h>
#include <string.h>

#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/cpu/isa.h"
#include "kernels/roi_align/roi_align.h"

/* A box in feature pixels and its sampling grid. */
typedef struct roi {
    float x, y, bin_w, bin_h;
    int   grid_w, grid_h;
    float count;
} roi;

static int grid_of(float bin) {
    const float g = ceilf(bin);
    return g > GD_ROI_MAX_GRID ? GD_ROI_MAX_GRID : g > 0 ? (int)g : 0;
}

static bool roi_of(const gd_roi_align *a, const float *p, float scale, roi *r) {
    if (!isfinite(p[0]) || !isfinite(p[1]) || !isfinite(p[2]) || !isfinite(p[3])) return false;
    const float shift = a->aligned ? 0.5f : 0;
    r->x = p[0] * scale - shift;
    r->y = p[1] * scale - shift;
    float w = p[2] * scale - shift - r->x, h = p[3] * scale - shift - r->y;
    if (!a->aligned) {
        w = w > 1 ? w : 1;
        h = h > 1 ? h : 1;
    }
    r->bin_w = w / (float)a->out_w;
    r->bin_h = h / (float)a->out_h;
    r->grid_w = a->sampling ? a->sampling : grid_of(r->bin_w);
    r->grid_h = a->sampling ? a->sampling : grid_of(r->bin_h);
    const int count = r->grid_w * r->grid_h;
    r->count = (float)(count > 1 ? count : 1);
    return true;
}

typedef struct tap {
    int64_t lo, hi;
    float   w_lo, w_hi;
} tap;

/* Sampling point i of bin b along an axis of `size` pixels; false where it lies outside. */
static bool tap_of(float start, float bin, int64_t b, int i, int grid, int64_t size, tap *t) {
    float at = start + (float)b * bin + ((float)i + 0.5f) * bin / (float)grid;
    if (!(at >= -1) || !(at <= (float)size)) return false;
    if (at <= 0) at = 0;
    t->lo = (int64_t)at;
    t->hi = t->lo + 1;
    if (t->lo >= size - 1) {
        t->lo = t->hi = size - 1;
        at = (float)t->lo;
    }
    t->w_hi = at - (float)t->lo;
    t->w_lo = 1 - t->w_hi;
    return true;
}

static int level_of(const gd_tensor *count, const gd_tensor *level, int64_t b, int64_t i,
                    int64_t n, int n_scale) {
    if (i >= gdk_count(count, b, n)) return -1;
    const int32_t v = level ? GD_AT(const int32_t, level, b)[i] : 0;
    return v < n_scale ? v : -1;
}

/* One box: its out_h * out_w channel vectors, each C long and `pitch` apart. */
GD_ISA_BODY void pool_body(const gd_roi_align *a, const roi *r, const gd_tensor *f, int64_t b,
                           float *out, int64_t pitch) {
    const int64_t C = f->dim[3], W = f->dim[2];
    const float  *base = (const float *)f->data + b * f->dim[1] * W * f->pitch;
    for (int64_t bin = 0; bin < (int64_t)a->out_h * a->out_w; bin++) {
        float *restrict o = out + bin * pitch;
        for (int64_t c = 0; c < C; c++) o[c] = 0;
        for (int iy = 0; iy < r->grid_h; iy++) {
            tap ty;
            if (!tap_of(r->y, r->bin_h, bin / a->out_w, iy, r->grid_h, f->dim[1], &ty))
                continue;
            for (int ix = 0; ix < r->grid_w; ix++) {
                tap tx;
                if (!tap_of(r->x, r->bin_w, bin % a->out_w, ix, r->grid_w, W, &tx)) continue;
                const float *v1 = base + (ty.lo * W + tx.lo) * f->pitch;
                const float *v2 = base + (ty.lo * W + tx.hi) * f->pitch;
                const float *v3 = base + (ty.hi * W + tx.lo) * f->pitch;
                const float *v4 = base + (ty.hi * W + tx.hi) * f->pitch;
                const float  w1 = ty.w_lo * tx.w_lo, w2 = ty.w_lo * tx.w_hi;
                const float  w3 = ty.w_hi * tx.w_lo, w4 = ty.w_hi * tx.w_hi;
                for (int64_t c = 0; c < C; c++)
                    o[c] += w1 * v1[c] + w2 * v2[c] + w3 * v3[c] + w4 * v4[c];
            }
        }
        for (int64_t c = 0; c < C; c++) o[c] /= r->count;
    }
}
GD_ISA(pool,
       (const gd_roi_align *a, const roi *r, const gd_tensor *f, int64_t b, float *out,
        int64_t pitch),
       (a, r, f, b, out, pitch))

gd_status gdk_roi_align_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_roi_align *a = l->attr;
    const int64_t       n = l->in[0]->dim[1], rows = l->in[0]->dim[0] * n;
    const int64_t       bins = (int64_t)a->out_h * a->out_w, C = l->out[0]->dim[3];
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(dynamic, 8)
    for (int64_t row = 0; row < rows; row++) {
        roi       r;
        float    *o = GD_AT(float, l->out[0], row *bins);
        const int lv = level_of(l->in[1], l->in[2], row / n, row % n, n, a->n_scale);
        if (lv >= 0 && roi_of(a, GD_AT(const float, l->in[0], row), a->scale[lv], &r)) {
            pool(a, &r, l->in[3 + lv], row / n, o, l->out[0]->pitch);
            continue;
        }
        for (int64_t bin = 0; bin < bins; bin++)
            memset(o + bin * l->out[0]->pitch, 0, (size_t)C * sizeof *o);
    }
    return GD_OK;
}

/* Adds d(out) of one box to rows [y0, y1) of one picture's gradient. */
GD_ISA_BODY void spread_body(const gd_roi_align *a, const roi *r, const float *d,
                             int64_t d_pitch, gd_tensor *f, int64_t b, int64_t y0, int64_t y1) {
    const int64_t C = f->dim[3], W = f->dim[2];
    float        *base = (float *)f->data + b * f->dim[1] * W * f->pitch;
    for (int64_t bin = 0; bin < (int64_t)a->out_h * a->out_w; bin++)
        for (int iy = 0; iy < r->grid_h; iy++) {
            tap ty, tx;
            if (!tap_of(r->y, r->bin_h, bin / a->out_w, iy, r->grid_h, f->dim[1], &ty))
                continue;
            if (ty.hi < y0 || ty.lo >= y1) continue;
            for (int ix = 0; ix < r->grid_w; ix++) {
                if (!tap_of(r->x, r->bin_w, bin % a->out_w, ix, r->grid_w, W, &tx)) continue;
                for (int k = 0; k < 4; k++) {
                    const int64_t y = k < 2 ? ty.lo : ty.hi, x = k % 2 ? tx.hi : tx.lo;
                    const float   w = (k < 2 ? ty.w_lo : ty.w_hi) * (k % 2 ? tx.w_hi : tx.w_lo);
                    const float   share = w / r->count;
                    const float  *from = d + bin * d_pitch;
                    float *restrict o = base + (y * W + x) * f->pitch;
                    if (y < y0 || y >= y1) continue;
                    for (int64_t c = 0; c < C; c++) o[c] += from[c] * share;
                }
            }
        }
}
GD_ISA(spread,
       (const gd_roi_align *a, const roi *r, const float *d, int64_t d_pitch, gd_tensor *f,
        int64_t b, int64_t y0, int64_t y1),
       (a, r, d, d_pitch, f, b, y0, y1))

static void one_band(const gd_launch *l, int64_t b, int64_t y0, int64_t y1) {
    const gd_roi_align_bwd *a = l->attr;
    const int64_t           n = l->in[1]->dim[1], bins = (int64_t)a->fwd.out_h * a->fwd.out_w;
    gd_tensor              *f = l->out[0];
    const int64_t           W = f->dim[2];
    for (int64_t p = (b * f->dim[1] + y0) * W; p < (b * f->dim[1] + y1) * W; p++)
        memset(GD_AT(float, f, p), 0, (size_t)f->dim[3] * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        roi r;
        if (level_of(l->in[2], l->in[3], b, i, n, a->fwd.n_scale) != a->which) continue;
        if (!roi_of(&a->fwd, GD_AT(const float, l->in[1], b *n + i), a->fwd.scale[a->which],
                    &r))
            continue;
        spread(&a->fwd, &r, GD_AT(const float, l->in[0], (b * n + i) * bins), l->in[0]->pitch,
               f, b, y0, y1);
    }
}

gd_status gdk_roi_align_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t H = l->out[0]->dim[1], B = l->out[0]->dim[0];
    /* Boxes crowd in some rows: more bands than threads even that out. */
    const int64_t most = 4 * (int64_t)gd_cpu_threads(), bands = H < most ? H : most;
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(dynamic, 1)
    for (int64_t i = 0; i < B * bands; i++) {
        const int64_t band = i % bands;
        one_band(l, i / bands, H * band / bands, H * (band + 1) / bands);
    }
    return GD_OK;
}
