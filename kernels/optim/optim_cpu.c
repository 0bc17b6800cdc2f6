/* optim_cpu.c -- the optimiser on the host's threads: one pass over dense weights,
 * memory-bound. */
#include <math.h>
#include <string.h>

#include "kernels/cpu/isa.h"
#include "kernels/cpu/spread.h"
#include "kernels/optim/optim.h"

/* Numbers that are the same for every weight of a launch. */
typedef struct common {
    const gd_launch *l;
    float            factor, momentum, lr, decay;
    float            beta2, rate, root, eps, shrink; /* adam */
    bool             nesterov;
} common;

static float first(const gd_tensor *t) { return ((const float *)t->data)[0]; }
static float hyper(const gd_tensor *t, int i) { return ((const float *)t->data)[i]; }

static void keep(const gd_launch *l) {
    for (int i = 0; i < l->n_out; i++)
        if (l->out[i]->data != l->in[i]->data)
            memcpy(l->out[i]->data, l->in[i]->data, gd_tensor_bytes(l->in[i]));
}

/* Deals the elements of in[0] out; each takes `bytes` of memory traffic. */
static void spread(common *c, size_t bytes, gdk_pixels_fn f) {
    gdk_spread_pixels(gd_tensor_count(c->l->in[0]), bytes, f, c);
}

/* ---- sgd --------------------------------------------------------------------------------- */

#define SGD                                                                               \
    (const float *w, const float *m, const float *g, float *to_w, float *to_m, int64_t n, \
     const common *c)

GD_ISA_BODY void sgd_body SGD {
    const float factor = c->factor, decay = c->decay, momentum = c->momentum, lr = c->lr;
    if (c->nesterov)
#pragma omp simd
        for (int64_t i = 0; i < n; i++) {
            const float d = g[i] * factor + decay * w[i], v = momentum * m[i] + d;
            to_w[i] = w[i] - lr * (d + momentum * v);
            to_m[i] = v;
        }
    else
#pragma omp simd
        for (int64_t i = 0; i < n; i++) {
            const float d = g[i] * factor + decay * w[i], v = momentum * m[i] + d;
            to_w[i] = w[i] - lr * v;
            to_m[i] = v;
        }
}
GD_ISA(sgd, SGD, (w, m, g, to_w, to_m, n, c))

static const float *at(const gd_tensor *t, int64_t i) { return (const float *)t->data + i; }
static float       *to(gd_tensor *t, int64_t i) { return (float *)t->data + i; }

static void sgd_part(void *ctx, int64_t i, int64_t last) {
    const common    *c = ctx;
    const gd_launch *l = c->l;
    sgd(at(l->in[0], i), at(l->in[1], i), at(l->in[2], i), to(l->out[0], i), to(l->out[1], i),
        last - i, c);
}

gd_status gdk_sgd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_sgd *a = l->attr;
    common        c = {.l = l,
                       .factor = first(l->in[3]),
                       .momentum = hyper(l->in[4], GD_HYPER_MOMENTUM),
                       .lr = hyper(l->in[4], GD_N_HYPER + a->group),
                       .decay = a->weight_decay,
                       .nesterov = a->nesterov != 0};
    if (c.factor == 0)
        keep(l);
    else
        spread(&c, 5 * sizeof(float), sgd_part);
    return GD_OK;
}

/* ---- adam -------------------------------------------------------------------------------- */

#define ADAM                                                                                   \
    (const float *w, const float *m, const float *v, const float *g, float *to_w, float *to_m, \
     float *to_v, int64_t n, const common *c)

GD_ISA_BODY void adam_body ADAM {
    const float beta1 = c->momentum, beta2 = c->beta2, factor = c->factor, decay = c->decay;
    const float rate = c->rate, root = c->root, eps = c->eps, shrink = c->shrink;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float d = g[i] * factor + decay * w[i];
        const float m1 = beta1 * m[i] + (1 - beta1) * d;
        const float v1 = beta2 * v[i] + (1 - beta2) * d * d;
        to_w[i] = w[i] * shrink - rate * m1 / (sqrtf(v1) / root + eps);
        to_m[i] = m1;
        to_v[i] = v1;
    }
}
GD_ISA(adam, ADAM, (w, m, v, g, to_w, to_m, to_v, n, c))

static void adam_part(void *ctx, int64_t i, int64_t last) {
    const common    *c = ctx;
    const gd_launch *l = c->l;
    adam(at(l->in[0], i), at(l->in[1], i), at(l->in[2], i), at(l->in[3], i), to(l->out[0], i),
         to(l->out[1], i), to(l->out[2], i), last - i, c);
}

gd_status gdk_adam_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_adam *a = l->attr;
    const int      t = ((const int32_t *)l->in[6]->data)[GD_COUNT_TAKEN];
    common         c = {.l = l,
                        .factor = first(l->in[4]),
                        .momentum = hyper(l->in[5], GD_HYPER_MOMENTUM),
                        .lr = hyper(l->in[5], GD_N_HYPER + a->group),
                        .decay = a->decoupled ? 0 : a->weight_decay,
                        .beta2 = a->beta2,
                        .eps = a->eps};
    c.shrink = a->decoupled ? 1 - c.lr * a->weight_decay : 1;
    c.rate = (float)((double)c.lr / (1 - pow((double)c.momentum, t)));
    c.root = (float)sqrt(1 - pow((double)c.beta2, t));
    if (c.factor == 0)
        keep(l);
    else
        spread(&c, 7 * sizeof(float), adam_part);
    return GD_OK;
}

/* ---- accumulate, ema --------------------------------------------------------------------- */

#define MIX (const float *a, const float *b, float *y, int64_t n, float u, float v)

/* u * a + v * b */
GD_ISA_BODY void mix_body MIX {
#pragma omp               simd
    for (int64_t i = 0; i < n; i++) y[i] = u * a[i] + v * b[i];
}
GD_ISA(mix, MIX, (a, b, y, n, u, v))

static void mix_part(void *ctx, int64_t i, int64_t last) {
    const common *c = ctx;
    mix(at(c->l->in[0], i), at(c->l->in[1], i), to(c->l->out[0], i), last - i, c->momentum,
        c->rate);
}

gd_status gdk_accumulate_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    common c = {.l = l, .momentum = 1, .rate = 1};
    if (hyper(l->in[2], GD_HYPER_FIRST) != 0)
        memcpy(l->out[0]->data, l->in[1]->data, gd_tensor_bytes(l->in[1]));
    else
        spread(&c, 3 * sizeof(float), mix_part);
    return GD_OK;
}

gd_status gdk_ema_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const float decay = hyper(l->in[3], GD_HYPER_EMA);
    common      c = {.l = l, .momentum = decay, .rate = 1 - decay};
    if (first(l->in[2]) == 0)
        keep(l);
    else
        spread(&c, 3 * sizeof(float), mix_part);
    return GD_OK;
}

/* ---- sum_squares ------------------------------------------------------------------------- */

/* Elements of a partial sum: the same whatever the number of threads, so the bits are too. */
enum { PART = 1 << 14 };

static int64_t parts_of(const gd_tensor *t) { return (gd_tensor_count(t) + PART - 1) / PART; }

size_t gdk_sum_squares_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    int64_t most = 1;
    for (int i = 1; i < l->n_in; i++)
        if (parts_of(l->in[i]) > most) most = parts_of(l->in[i]);
    return (size_t)most * sizeof(double);
}

typedef struct squares {
    const float *x;
    int64_t      n;
    double      *part;
} squares;

GD_ISA_BODY void square_body(const float *x, int64_t n, double *out) {
    double sum[8] = {0}; /* side by side, in an order of our own */
    for (int64_t i = 0; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++) sum[k] += (double)x[i + k] * (double)x[i + k];
    for (int64_t i = n / 8 * 8; i < n; i++) sum[0] += (double)x[i] * (double)x[i];
    *out = ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}
GD_ISA(square, (const float *x, int64_t n, double *out), (x, n, out))

static void square_parts(void *ctx, int64_t first_part, int64_t last) {
    const squares *s = ctx;
    for (int64_t p = first_part; p < last; p++) {
        const int64_t left = s->n - p * PART;
        square(s->x + p * PART, left < PART ? left : PART, &s->part[p]);
    }
}

gd_status gdk_sum_squares_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    double sum = (double)first(l->in[0]);
    for (int i = 1; i < l->n_in; i++) {
        squares       s = {l->in[i]->data, gd_tensor_count(l->in[i]), l->scratch};
        const int64_t n = parts_of(l->in[i]);
        gdk_spread_pixels(n, PART * sizeof(float), square_parts, &s);
        for (int64_t p = 0; p < n; p++) sum += s.part[p];
    }
    ((float *)l->out[0]->data)[0] = (float)sum;
    return GD_OK;
}
