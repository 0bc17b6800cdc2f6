/* attention_bwd_cpu.c -- the gradient of attention: a head of a picture a task.
 *
 * The keys and values of the head are turned once, so that the scores of a query, and what its
 * gradient gives the weights, are vectors over the keys. Eight queries then share each pass over
 * d(k) and d(v). A task owns its channels of all three results and takes the queries in order,
 * so the bits do not depend on the number of threads. Memory grows with the keys alone. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/attention/attention.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/lanes.h"
#include "kernels/cpu/vmath.h"

enum { QUERIES = 8, KEYS = 64, RUN = 16 };

typedef struct head {
    const gd_launch *l;
    const float     *mask;                  /* NULL: every key */
    int64_t          b, at, d, keys, pitch; /* pitch: keys up to a multiple of KEYS */
    float            scale;
    float           *k, *v;  /* turned: [d][pitch] */
    float           *w, *ds; /* weights and gradients of the scores: [QUERIES][pitch] */
} head;

static int64_t pitch_of(int64_t keys) { return (keys + KEYS - 1) / KEYS * KEYS; }

static int64_t thread_floats(const gd_launch *l) {
    const int64_t d = l->in[1]->dim[2] / ((const gd_attention *)l->attr)->heads;
    return 2 * (d + QUERIES) * pitch_of(l->in[2]->dim[1]);
}

size_t gdk_attention_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    return (size_t)(thread_floats(l) * gdk_threads(dev)) * sizeof(float);
}

#define DOTS (const float *x, const float *turned, int64_t d, int64_t pitch, float by, float *s)
/* s[j] = by * sum over c of x[c] * turned[c][j] */
GD_ISA_BODY void dots_body DOTS {
    for (int64_t j = 0; j < pitch; j += KEYS) {
        float sum[KEYS] = {0};
        for (int64_t c = 0; c < d; c++)
            for (int k = 0; k < KEYS; k++) sum[k] += x[c] * turned[c * pitch + j + k];
        for (int k = 0; k < KEYS; k++) s[j + k] = sum[k] * by;
    }
}
GD_ISA(dots, DOTS, (x, turned, d, pitch, by, s))

/* Scores into weights: 0 for keys that take no part, all 0 where none does. */
GD_ISA_BODY void weigh_body(float *w, const float *mask, int64_t keys) {
    float top = -INFINITY, sum;
    for (int64_t j = 0; j < keys; j++) {
        const float s = mask && mask[j] == 0 ? -INFINITY : w[j];
        top = s > top ? s : top;
    }
#pragma omp simd
    for (int64_t j = 0; j < keys; j++)
        w[j] = mask && mask[j] == 0 ? 0.0f : gd_exp_f32(w[j] - top);
    GD_LANES_SUM(sum, keys, w[i]);
    const float by = sum != 0 ? 1 / sum : 0;
#pragma omp simd
    for (int64_t j = 0; j < keys; j++) w[j] *= by;
}
GD_ISA(weigh, (float *w, const float *mask, int64_t keys), (w, mask, keys))

/* e, d(out) . v of each key, into scale * w (e - sum w e). */
GD_ISA_BODY void pass_back_body(const float *w, float *e, int64_t keys, float scale) {
    float sum;
    GD_LANES_SUM(sum, keys, w[i] * e[i]);
#pragma omp simd
    for (int64_t j = 0; j < keys; j++) e[j] = scale * w[j] * (e[j] - sum);
}
GD_ISA(pass_back, (const float *w, float *e, int64_t keys, float scale), (w, e, keys, scale))

/* `queries` rows of in[0] (d(out)), in[1] (q) and out[0], and one key of in[2] (k), out[1],
 * out[2], from channel c on. */
typedef struct rows {
    const float *dy[QUERIES], *q[QUERIES];
    float       *dq[QUERIES];
    int          queries;
} rows;

#define GIVE                                                                                   \
    (const rows *r, const float *w, const float *ds, int64_t pitch, const float *k, float *dk, \
     float *dv, int64_t c, int64_t n)
/* What the queries give to channels c .. c + n - 1 of one key, and it to them; n <= RUN. */
GD_ISA_BODY void give_body GIVE {
    float key[RUN], sum_k[RUN], sum_v[RUN];
    for (int64_t i = 0; i < n; i++) {
        key[i] = k[c + i];
        sum_k[i] = dk[c + i];
        sum_v[i] = dv[c + i];
    }
    for (int a = 0; a < r->queries; a++) {
        const float  s = ds[a * pitch], share = w[a * pitch];
        const float *q = r->q[a] + c, *dy = r->dy[a] + c;
        float       *dq = r->dq[a] + c;
#pragma omp simd
        for (int64_t i = 0; i < n; i++) {
            sum_k[i] += s * q[i];
            sum_v[i] += share * dy[i];
            dq[i] += s * key[i];
        }
    }
    for (int64_t i = 0; i < n; i++) {
        dk[c + i] = sum_k[i];
        dv[c + i] = sum_v[i];
    }
}
GD_ISA(give, GIVE, (r, w, ds, pitch, k, dk, dv, c, n))

static head head_of(const gd_launch *l, int64_t task, float *room) {
    const gd_attention *a = l->attr;
    const int64_t       d = l->in[1]->dim[2] / a->heads, keys = l->in[2]->dim[1];
    head                h = {.l = l, .b = task / a->heads, .at = task % a->heads * d, .d = d};
    const gd_tensor    *mask = l->n_in > 4 ? l->in[4] : NULL;
    h.mask = mask ? GD_AT(const float, mask, h.b) : NULL;
    h.keys = keys;
    h.pitch = pitch_of(keys);
    h.scale = a->scale > 0 ? a->scale : 1.0f / sqrtf((float)d);
    h.k = room;
    h.v = h.k + d * h.pitch;
    h.w = h.v + d * h.pitch;
    h.ds = h.w + QUERIES * h.pitch;
    return h;
}

/* Turns keys and values, and clears their gradients. */
static void begin(const head *h) {
    memset(h->k, 0, (size_t)(2 * h->d * h->pitch) * sizeof *h->k);
    for (int64_t j = 0; j < h->keys; j++) {
        const int64_t row = h->b * h->keys + j;
        const float  *k = GD_AT(const float, h->l->in[2], row) + h->at;
        const float  *v = GD_AT(const float, h->l->in[3], row) + h->at;
        for (int64_t c = 0; c < h->d; c++) {
            h->k[c * h->pitch + j] = k[c];
            h->v[c * h->pitch + j] = v[c];
        }
        memset(GD_AT(float, h->l->out[1], row) + h->at, 0, (size_t)h->d * sizeof *k);
        memset(GD_AT(float, h->l->out[2], row) + h->at, 0, (size_t)h->d * sizeof *k);
    }
}

/* Queries first .. first + r->queries - 1. */
static void take_queries(const head *h, int64_t first, rows *r) {
    const int64_t queries = h->l->in[1]->dim[1];
    for (int a = 0; a < r->queries; a++) {
        const int64_t row = h->b * queries + first + a;
        r->dy[a] = GD_AT(const float, h->l->in[0], row) + h->at;
        r->q[a] = GD_AT(const float, h->l->in[1], row) + h->at;
        r->dq[a] = GD_AT(float, h->l->out[0], row) + h->at;
        memset(r->dq[a], 0, (size_t)h->d * sizeof *r->dq[a]);
        dots(r->q[a], h->k, h->d, h->pitch, h->scale, h->w + a * h->pitch);
        weigh(h->w + a * h->pitch, h->mask, h->keys);
        dots(r->dy[a], h->v, h->d, h->pitch, 1, h->ds + a * h->pitch);
        pass_back(h->w + a * h->pitch, h->ds + a * h->pitch, h->keys, h->scale);
    }
    for (int64_t j = 0; j < h->keys; j++) {
        const int64_t row = h->b * h->keys + j;
        for (int64_t c = 0; c < h->d; c += RUN)
            give(r, h->w + j, h->ds + j, h->pitch, GD_AT(const float, h->l->in[2], row) + h->at,
                 GD_AT(float, h->l->out[1], row) + h->at,
                 GD_AT(float, h->l->out[2], row) + h->at, c, h->d - c < RUN ? h->d - c : RUN);
    }
}

gd_status gdk_attention_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_attention *a = l->attr;
    const int64_t       tasks = l->in[1]->dim[0] * a->heads, queries = l->in[1]->dim[1];
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(dynamic, 1)
    for (int64_t i = 0; i < tasks; i++) {
        const head h =
            head_of(l, i, (float *)l->scratch + thread_floats(l) * omp_get_thread_num());
        begin(&h);
        for (int64_t q = 0; q < queries; q += QUERIES) {
            rows r = {.queries = queries - q < QUERIES ? (int)(queries - q) : QUERIES};
            take_queries(&h, q, &r);
        }
    }
    return GD_OK;
}
