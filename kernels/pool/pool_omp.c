/* pool_omp.c -- max and average pooling on the CPU: channels across the vector, rows dealt out.
 *
 * Bound by reading the input. Sums run over a window in the order of the reference, so averages
 * have the same bits. */
#include <string.h>

#include "kernels/cpu/isa.h"
#include "kernels/cpu/spread.h"
#include "kernels/pool/pool.h"

/* One window: `rows` x `cols` pixels from x, row_step and pitch floats apart. */
#define WINDOW                                                                                 \
    (const float *x, int64_t row_step, int64_t pitch, int64_t rows, int64_t cols, float count, \
     int64_t channels, float *y)
#define ARGS (x, row_step, pitch, rows, cols, count, channels, y)

GD_ISA_BODY void max_window_body WINDOW {
    (void)count;
    memcpy(y, x, (size_t)channels * sizeof *y);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = i == 0; j < cols; j++) {
            const float *p = x + i * row_step + j * pitch;
#pragma omp simd
            for (int64_t c = 0; c < channels; c++) {
                const float v = p[c], best = y[c];
                y[c] = ((v > best) | (v != v)) ? v : best; /* NaN wins */
            }
        }
}
GD_ISA(max_window, WINDOW, ARGS)

GD_ISA_BODY void avg_window_body WINDOW {
    memset(y, 0, (size_t)channels * sizeof *y);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) {
            const float *p = x + i * row_step + j * pitch;
#pragma omp simd
            for (int64_t c = 0; c < channels; c++) y[c] += p[c];
        }
#pragma omp simd
    for (int64_t c = 0; c < channels; c++) y[c] /= count;
}
GD_ISA(avg_window, WINDOW, ARGS)

/* The window of output o along axis 0 (rows) or 1 (columns) of a plane of `in` pixels. */
typedef gdk_pool_span (*span_fn)(const gd_launch *l, int axis, int64_t o, int64_t in);
typedef void(*window_fn) WINDOW;

typedef struct job {
    const gd_launch *l;
    span_fn          span;
    window_fn        window;
} job;

/* Rows first .. last - 1 of all output planes. */
static void pool_rows(void *ctx, int64_t first, int64_t last) {
    const job       *j = ctx;
    const gd_tensor *tx = j->l->in[0], *ty = j->l->out[0];
    const int64_t    H = tx->dim[1], W = tx->dim[2], P = ty->dim[1], Q = ty->dim[2];
    for (int64_t r = first; r < last; r++) {
        const gdk_pool_span v = j->span(j->l, 0, r % P, H);
        const float        *plane = (const float *)tx->data + r / P * H * W * tx->pitch;
        for (int64_t q = 0; q < Q; q++) {
            const gdk_pool_span u = j->span(j->l, 1, q, W);
            j->window(plane + (v.first * W + u.first) * tx->pitch, W * tx->pitch, tx->pitch,
                      v.end - v.first, u.end - u.first, (float)(v.count * u.count), tx->dim[3],
                      (float *)ty->data + (r * Q + q) * ty->pitch);
        }
    }
}

static void pool(const gd_launch *l, span_fn span, window_fn window) {
    const gd_tensor *x = l->in[0], *y = l->out[0];
    job              j = {l, span, window};
    const int64_t    rows = y->dim[0] * y->dim[1];
    const size_t     bytes = sizeof(float) * (size_t)(gd_tensor_count(x) + gd_tensor_count(y));
    gdk_spread_pixels(rows, bytes / (size_t)(rows ? rows : 1), pool_rows, &j);
}

static gdk_pool_span max_span(const gd_launch *l, int axis, int64_t o, int64_t in) {
    const gd_max_pool2d *a = l->attr;
    return gdk_pool_span_at(o, in, a->size[axis], a->stride[axis], a->pad[axis], false);
}

static gdk_pool_span avg_span(const gd_launch *l, int axis, int64_t o, int64_t in) {
    const gd_avg_pool2d *a = l->attr;
    return gdk_pool_span_at(o, in, a->size[axis], a->stride[axis], a->pad[axis],
                            a->count_include_pad != 0);
}

static gdk_pool_span adaptive_span(const gd_launch *l, int axis, int64_t o, int64_t in) {
    return gdk_pool_span_adaptive(o, in, l->out[0]->dim[1 + axis]);
}

gd_status gdk_max_pool2d_omp_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    pool(l, max_span, max_window);
    return GD_OK;
}

gd_status gdk_avg_pool2d_omp_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    pool(l, avg_span, avg_window);
    return GD_OK;
}

gd_status gdk_adaptive_avg_pool2d_omp_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    pool(l, adaptive_span, avg_window);
    return GD_OK;
}
