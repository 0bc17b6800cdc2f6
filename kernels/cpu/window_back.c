/* window_back.c -- gradients of weighted windows; see window_back.h. Bound by memory. */
#include "kernels/cpu/window_back.h"

#include <string.h>

#include "kernels/arg.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/spread.h"

GD_ISA_BODY void add_scaled_body(const float *d, float by, float *sum, int64_t n) {
#pragma omp      simd
    for (int64_t c = 0; c < n; c++) sum[c] += d[c] * by;
}
GD_ISA(add_scaled, (const float *d, float by, float *sum, int64_t n), (d, by, sum, n))

typedef struct job {
    const gd_launch *l;
    gdk_reach_fn     reach;
} job;

static double weight_of(const gdk_reach *r, int64_t i) { return r->weight[i > r->first]; }

/* Adds to row h of picture n what output row p read of it, `by` times each. */
static void add_row(const job *j, int64_t n, int64_t h, int64_t p, double by) {
    const gd_tensor *dy = j->l->in[0], *dx = j->l->out[0];
    const int64_t    W = dx->dim[2], Q = dy->dim[2];
    const float     *from = GD_AT(const float, dy, (n * dy->dim[1] + p) * Q);
    float           *to = GD_AT(float, dx, (n * dx->dim[1] + h) * W);
    for (int64_t q = 0; q < Q; q++) {
        const gdk_reach r = j->reach(j->l, 1, q);
        for (int64_t w = r.first; w < r.end; w++)
            add_scaled(from + q * dy->pitch, (float)(by * weight_of(&r, w)), to + w * dx->pitch,
                       dx->dim[3]);
    }
}

/* Rows first .. last - 1 of all planes. */
static void rows(void *ctx, int64_t first, int64_t last) {
    const job       *j = ctx;
    const gd_tensor *dy = j->l->in[0], *dx = j->l->out[0];
    const int64_t    H = dx->dim[1], W = dx->dim[2];
    int64_t          p0 = 0; /* no earlier output reads row h */
    for (int64_t r = first; r < last; r++) {
        const int64_t n = r / H, h = r % H;
        if (h == 0) p0 = 0;
        for (int64_t w = 0; w < W; w++)
            memset(GD_AT(float, dx, r *W + w), 0, (size_t)dx->dim[3] * sizeof(float));
        for (int64_t p = p0; p < dy->dim[1]; p++) {
            const gdk_reach v = j->reach(j->l, 0, p);
            if (v.first > h) break;
            if (v.end > h)
                add_row(j, n, h, p, weight_of(&v, h));
            else
                p0 = p + 1;
        }
    }
}

void gdk_window_back(const gd_launch *l, gdk_reach_fn reach) {
    const gd_tensor *dy = l->in[0], *dx = l->out[0];
    job              j = {l, reach};
    const int64_t    n = dx->dim[0] * dx->dim[1];
    const size_t bytes = sizeof(float) * (size_t)(gd_tensor_count(dx) + gd_tensor_count(dy));
    gdk_spread_pixels(n, bytes / (size_t)(n ? n : 1), rows, &j);
}
