/* pool_bwd_omp.c -- the gradients of max and average pooling on the CPU.
 *
 * Averages gather (cpu/window_back.h). The winner of a maximum is looked for again, channels
 * across the vector. A thread owns a band of rows of dx and adds to those alone, in the order
 * of the windows, so the bits do not depend on the bands. */
#include <string.h>

#include "kernels/arg.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/spread.h"
#include "kernels/cpu/window_back.h"
#include "kernels/pool/pool.h"

/* ---- averages --------------------------------------------------------------------------- */

static gdk_reach evenly(gdk_pool_span s) {
    const double share = s.count ? 1.0 / (double)s.count : 0;
    return (gdk_reach){s.first, s.end, {share, share}};
}

static gdk_reach avg_reach(const gd_launch *l, int axis, int64_t o) {
    const gd_avg_pool2d *a = l->attr; /* the first member of gd_avg_pool2d_bwd */
    return evenly(gdk_pool_span_at(o, l->out[0]->dim[1 + axis], a->size[axis], a->stride[axis],
                                   a->pad[axis], a->count_include_pad != 0));
}

static gdk_reach adaptive_reach(const gd_launch *l, int axis, int64_t o) {
    return evenly(gdk_pool_span_adaptive(o, l->out[0]->dim[1 + axis], l->in[0]->dim[1 + axis]));
}

gd_status gdk_avg_pool2d_bwd_omp_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gdk_window_back(l, avg_reach);
    return GD_OK;
}

gd_status gdk_adaptive_avg_pool2d_bwd_omp_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gdk_window_back(l, adaptive_reach);
    return GD_OK;
}

/* ---- maxima ----------------------------------------------------------------------------- */

enum { CHANNELS = 64 };

/* Pixels first .. end - 1 of a window's columns, of rows `first` .. `end` - 1 on. */
typedef struct window {
    const float *x; /* its first pixel */
    int64_t      x_row, x_pitch;
    float       *dx; /* the same pixel */
    int64_t      dx_row, dx_pitch;
    int64_t      rows, cols; /* of the window */
    int64_t      y0, y1;     /* of its rows, those that may be written */
} window;

/* Adds d[c] to the first of the largest pixels of the window in channel c; NaN is larger. */
GD_ISA_BODY void give_body(const window *w, const float *d, int64_t c0, int64_t n) {
    float   best[CHANNELS];
    int32_t at[CHANNELS];
    for (int64_t c = 0; c < n; c++) {
        best[c] = w->x[c0 + c];
        at[c] = 0;
    }
    for (int64_t i = 0; i < w->rows; i++)
        for (int64_t k = i == 0; k < w->cols; k++) {
            const float  *x = w->x + i * w->x_row + k * w->x_pitch + c0;
            const int32_t here = (int32_t)(i * w->cols + k);
#pragma omp simd
            for (int64_t c = 0; c < n; c++) {
                const float v = x[c], b = best[c];
                const int   wins = (v > b) | ((v != v) & (b == b));
                best[c] = wins ? v : b;
                at[c] = wins ? here : at[c];
            }
        }
    for (int64_t i = w->y0; i < w->y1; i++)
        for (int64_t k = 0; k < w->cols; k++) {
            float        *dx = w->dx + i * w->dx_row + k * w->dx_pitch + c0;
            const int32_t here = (int32_t)(i * w->cols + k);
#pragma omp simd
            for (int64_t c = 0; c < n; c++) dx[c] += at[c] == here ? d[c0 + c] : 0.0f;
        }
}
GD_ISA(give, (const window *w, const float *d, int64_t c0, int64_t n), (w, d, c0, n))

/* What output row p gives to rows y0 .. y1 - 1 of picture n. */
static void give_row(const gd_launch *l, int64_t n, int64_t p, int64_t y0, int64_t y1) {
    const gd_max_pool2d *a = l->attr;
    const gd_tensor     *dy = l->in[0], *x = l->in[1], *dx = l->out[0];
    const int64_t        H = x->dim[1], W = x->dim[2], C = x->dim[3], Q = dy->dim[2];
    const gdk_pool_span  v = gdk_pool_span_at(p, H, a->size[0], a->stride[0], a->pad[0], false);
    if (v.end <= y0 || v.first >= y1) return;
    for (int64_t q = 0; q < Q; q++) {
        const gdk_pool_span u =
            gdk_pool_span_at(q, W, a->size[1], a->stride[1], a->pad[1], false);
        const int64_t first = (n * H + v.first) * W + u.first;
        const window  w = {.x = GD_AT(const float, x, first),
                           .x_row = W * x->pitch,
                           .x_pitch = x->pitch,
                           .dx = GD_AT(float, dx, first),
                           .dx_row = W * dx->pitch,
                           .dx_pitch = dx->pitch,
                           .rows = v.end - v.first,
                           .cols = u.end - u.first,
                           .y0 = y0 > v.first ? y0 - v.first : 0,
                           .y1 = (y1 < v.end ? y1 : v.end) - v.first};
        for (int64_t c = 0; c < C; c += CHANNELS)
            give(&w, GD_AT(const float, dy, (n * dy->dim[1] + p) * Q + q), c,
                 C - c < CHANNELS ? C - c : CHANNELS);
    }
}

/* Rows first .. last - 1 of all planes of dx. */
static void max_rows(void *ctx, int64_t first, int64_t last) {
    const gd_launch *l = ctx;
    const gd_tensor *dx = l->out[0];
    const int64_t    H = dx->dim[1], W = dx->dim[2];
    for (int64_t i = first * W; i < last * W; i++)
        memset(GD_AT(float, dx, i), 0, (size_t)dx->dim[3] * sizeof(float));
    for (int64_t r = first, end; r < last; r = end) {
        const int64_t n = r / H;
        end = last < (n + 1) * H ? last : (n + 1) * H;
        for (int64_t p = 0; p < l->in[0]->dim[1]; p++)
            give_row(l, n, p, r - n * H, end - n * H);
    }
}

gd_status gdk_max_pool2d_bwd_omp_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gd_launch        copy = *l;
    const gd_tensor *dx = l->out[0];
    const int64_t    rows = dx->dim[0] * dx->dim[1];
    gdk_spread_pixels(rows, (size_t)(2 * dx->dim[2] * dx->dim[3]) * sizeof(float), max_rows,
                      &copy);
    return GD_OK;
}
