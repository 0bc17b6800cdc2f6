/* conv2d_dw_back.c -- the gradients of depthwise convolution.
 *
 * dx: the forward kernel, class of pixels by class (cpu/igemm_back.h), with the taps that the
 * class meets. dw: a tap of 64 channels at a time, summed over the pixels of a band of output
 * rows; the bands depend on the shape alone and are added in order, so the bits do not depend
 * on the number of threads. Both are bound by loads. */
#include <string.h>

#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/cpu/gemm_depthwise.h"
#include "kernels/cpu/igemm_back.h"
#include "kernels/cpu/isa.h"

enum { MAX_TAPS = GDK_DEPTHWISE_TAPS, ROWS = GDK_DEPTHWISE_ROWS };

static bool is_depthwise(const gd_conv2d *a, int64_t filters, int64_t channels) {
    return a->groups == filters && a->groups == channels;
}

/* ---- dx --------------------------------------------------------------------------------- */

bool gdk_conv2d_bwd_data_dw_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *w = l->in[1], *dx = l->out[0];
    return is_depthwise(l->attr, w->dim[0], dx->dim[3]) && gdk_depthwise_for(w->dim[0]) &&
           w->dim[1] * w->dim[2] <= MAX_TAPS;
}

/* Zeros, then the packed weights of every class: each tap is in one. */
size_t gdk_conv2d_bwd_data_dw_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *w = l->in[1];
    return (size_t)(w->dim[0] * (1 + w->dim[1] * w->dim[2])) * sizeof(float);
}

typedef struct part {
    const gd_launch     *l;
    const gd_conv2d     *a;
    const gdk_depthwise *d;
    const float         *zero;
    gdk_class            v, u; /* rows, columns */
    int64_t              taps;
    float               *packed;
} part;

/* Class i, whose weights lie at `packed`: [panel][tap][channel]. */
static part part_of(const gd_launch *l, int64_t i, float *packed) {
    const gd_conv2d *a = l->attr;
    const gd_tensor *w = l->in[1], *dx = l->out[0];
    part             p = {.l = l, .a = a, .d = gdk_depthwise_for(w->dim[0]), .packed = packed};
    p.zero = l->scratch;
    p.v = gdk_class_of(i / a->stride[1], dx->dim[1], w->dim[1], a->stride[0], a->pad[0],
                       a->dilation[0]);
    p.u = gdk_class_of(i % a->stride[1], dx->dim[2], w->dim[2], a->stride[1], a->pad[1],
                       a->dilation[1]);
    p.taps = p.v.taps * p.u.taps;
    return p;
}

static void pack(const part *p) {
    const gd_tensor *w = p->l->in[1];
    const int64_t    C = w->dim[0], panel = 2 * p->d->lanes;
    for (int64_t c = 0; c < C; c++) {
        const int64_t first = c / panel * panel, width = C - first < panel ? C - first : panel;
        for (int64_t t = 0; t < p->taps; t++) {
            const int64_t r = p->v.tap + t / p->u.taps * p->v.tap_step;
            const int64_t s = p->u.tap + t % p->u.taps * p->u.tap_step;
            p->packed[first * p->taps + t * width + c - first] =
                *GD_AT(const float, w, (c * w->dim[1] + r) * w->dim[2] + s);
        }
    }
}

/* Pointers to the outputs that `rows` pixels from (y, x) of the class on meet. */
static void point(const part *p, int64_t n, int64_t y, int64_t x, int rows, const float **row) {
    const gd_tensor *dy = p->l->in[0];
    for (int64_t a = 0; a < p->v.taps; a++) {
        const int64_t h = p->v.from + y - a * p->v.from_step;
        const float  *line = GD_AT(const float, dy, (n * dy->dim[1] + h) * dy->dim[2]);
        for (int64_t b = 0; b < p->u.taps; b++)
            for (int i = 0; i < rows; i++) {
                const int64_t w = p->u.from + x + i - b * p->u.from_step;
                const bool    inside = h >= 0 && h < dy->dim[1] && w >= 0 && w < dy->dim[2];
                *row++ = inside ? line + w * dy->pitch : p->zero;
            }
    }
}

/* Row y of the class in picture n. */
static void data_row(const part *p, int64_t n, int64_t y) {
    const gd_tensor   *dx = p->l->out[0];
    const int64_t      C = dx->dim[3], h = p->v.first + y * p->a->stride[0];
    const int          panel = 2 * p->d->lanes;
    const float       *row[MAX_TAPS * ROWS];
    _Alignas(64) float tile[ROWS * GDK_GEMM_WIDTH], init[GDK_GEMM_WIDTH] = {0};
    for (int64_t x = 0; x < p->u.count; x += ROWS) {
        const int     rows = p->u.count - x < ROWS ? (int)(p->u.count - x) : ROWS;
        const int64_t w = p->u.first + x * p->a->stride[1];
        float        *out = GD_AT(float, dx, (n * dx->dim[1] + h) * dx->dim[2] + w);
        point(p, n, y, x, rows, row);
        for (int64_t c = 0; c < C; c += panel) {
            const int vectors = C - c < panel ? 1 : 2, width = vectors * p->d->lanes;
            p->d->fn[vectors - 1][rows - 1](row, c, p->taps, p->packed + c * p->taps, init,
                                            tile);
            for (int i = 0; i < rows; i++)
                memcpy(out + i * p->a->stride[1] * dx->pitch + c, tile + i * width,
                       (size_t)width * sizeof *tile);
        }
    }
}

/* One thread's share of every class; `packs`: of packing them. */
static void each_class(const gd_launch *l, bool packs) {
    const gd_conv2d *a = l->attr;
    const int64_t    N = l->out[0]->dim[0], C = l->out[0]->dim[3];
    float           *packed = (float *)l->scratch + C;
    for (int64_t i = 0; i < (int64_t)a->stride[0] * a->stride[1]; i++) {
        const part p = part_of(l, i, packed);
        packed += p.taps * C;
        if (packs) {
            pack(&p);
            continue;
        }
#pragma omp for schedule(static) nowait
        for (int64_t r = 0; r < N * p.v.count; r++) data_row(&p, r / p.v.count, r % p.v.count);
    }
}

gd_status gdk_conv2d_bwd_data_dw_run(const gd_launch *l, gd_error *err) {
    (void)err;
    memset(l->scratch, 0, (size_t)l->out[0]->dim[3] * sizeof(float));
    each_class(l, true);
#pragma omp parallel num_threads(gd_cpu_threads())
    each_class(l, false);
    return GD_OK;
}

/* ---- dw --------------------------------------------------------------------------------- */

enum { WIDE = 64, NARROW = 16, BAND_BYTES = 128 * 1024, MOST_BANDS = 32 };

bool gdk_conv2d_bwd_weight_dw_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return is_depthwise(l->attr, l->in[0]->dim[3], l->in[1]->dim[3]);
}

/* Bands of output rows, by the shape alone. */
static int64_t bands_of(const gd_tensor *dy) {
    const int64_t rows = dy->dim[0] * dy->dim[1];
    const int64_t bytes = gd_tensor_count(dy) * (int64_t)sizeof(float);
    int64_t       bands = bytes / BAND_BYTES + 1;
    if (bands > MOST_BANDS) bands = MOST_BANDS;
    return bands < rows ? bands : rows > 0 ? rows : 1;
}

size_t gdk_conv2d_bwd_weight_dw_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)(bands_of(l->in[0]) * gd_tensor_count(l->out[0])) * sizeof(float);
}

#define TAP                                                                         \
    (const float *dy, int64_t dy_pitch, const float *x, int64_t x_pitch, int64_t n, \
     float *sum, int64_t channels)

/* sum[c] += sum over q < n of dy[q][c] * x[q][c], `width` channels in registers at a time. */
#define CHANNELS(width)                                                    \
    for (; c + width <= channels; c += width) {                            \
        float s[width];                                                    \
        for (int k = 0; k < width; k++) s[k] = sum[c + k];                 \
        for (int64_t q = 0; q < n; q++)                                    \
            for (int k = 0; k < width; k++)                                \
                s[k] += dy[q * dy_pitch + c + k] * x[q * x_pitch + c + k]; \
        for (int k = 0; k < width; k++) sum[c + k] = s[k];                 \
    }

GD_ISA_BODY void add_tap_body TAP {
    int64_t c = 0;
    CHANNELS(WIDE)
    CHANNELS(NARROW)
    CHANNELS(1)
}
GD_ISA(add_tap, TAP, (dy, dy_pitch, x, x_pitch, n, sum, channels))

/* Adds output row p of picture n to the sums [tap][channel]. */
static void weight_row(const gd_launch *l, int64_t n, int64_t p, float *sum) {
    const gd_conv2d *a = l->attr;
    const gd_tensor *dy = l->in[0], *x = l->in[1], *dw = l->out[0];
    const int64_t    Q = dy->dim[2], W = x->dim[2], C = x->dim[3];
    for (int64_t t = 0; t < dw->dim[1] * dw->dim[2]; t++, sum += C) {
        const int64_t h = p * a->stride[0] - a->pad[0] + t / dw->dim[2] * a->dilation[0];
        const int64_t w0 = t % dw->dim[2] * a->dilation[1] - a->pad[1], s = a->stride[1];
        /* outputs q whose column w0 + q s lies inside */
        const int64_t first = w0 < 0 ? (-w0 + s - 1) / s : 0;
        const int64_t end = w0 < W ? (W - w0 + s - 1) / s : 0, last = end < Q ? end : Q;
        if (h < 0 || h >= x->dim[1] || first >= last) continue;
        add_tap(GD_AT(const float, dy, (n * dy->dim[1] + p) * Q + first), dy->pitch,
                GD_AT(const float, x, (n * x->dim[1] + h) * W + w0 + first * s), s * x->pitch,
                last - first, sum, C);
    }
}

/* dw, the sums of all bands in order. */
static void add_bands(const gd_launch *l, int64_t bands) {
    gd_tensor    *dw = l->out[0];
    const float  *sum = l->scratch;
    const int64_t C = dw->dim[0], taps = dw->dim[1] * dw->dim[2];
    for (int64_t c = 0; c < C; c++)
        for (int64_t t = 0; t < taps; t++) {
            double all = 0;
            for (int64_t b = 0; b < bands; b++) all += (double)sum[(b * taps + t) * C + c];
            *GD_AT(float, dw, c *taps + t) = (float)all;
        }
}

gd_status gdk_conv2d_bwd_weight_dw_run(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *dy = l->in[0];
    const int64_t    P = dy->dim[1], rows = dy->dim[0] * P, bands = bands_of(dy);
    const int64_t    count = gd_tensor_count(l->out[0]);
    memset(l->scratch, 0, (size_t)(bands * count) * sizeof(float));
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(dynamic, 1)
    for (int64_t b = 0; b < bands; b++)
        for (int64_t r = rows * b / bands; r < rows * (b + 1) / bands; r++)
            weight_row(l, r / P, r % P, (float *)l->scratch + b * count);
    add_bands(l, bands);
    return GD_OK;
}
