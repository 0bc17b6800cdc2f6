/* attention_bwd_cpu.c -- the gradient of attention: a head of a picture a task.
 *
 * The keys and values of the head are turned once, so that the scores of a query, and what its
 * gradient gives the weights, are vectors over the keys. Eight queries then share each pass
 * over d(k) and d(v). A task owns its channels of all three results and takes the queries in
 * order, so the bits do not depend on the number of threads. Memory grows with the keys
 * alone. */
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

/* Rows of d(out), q and d(q) of some queries, and those of all keys of the head. */
typedef struct rows {
    const float *dy[QUERIES], *q[QUERIES], *k;
    float       *dq[QUERIES], *dk, *dv;
    int          queries;
    int64_t      k_pitch, dk_pitch, dv_pitch, keys;
} rows;

#define GIVE                                                                              \
    (const rows *r, const float *w, const float *ds, int64_t pitch, int64_t c, int64_t n, \
     int queries)
/* What the queries give to channels c .. c + n - 1 of the keys, and these to them; n <= RUN. */
GD_ISA_BODY void give_some GIVE {
    float dq[QUERIES][RUN] = {{0}};
    for (int64_t j = 0; j < r->keys; j++) {
        const float *k = r->k + j * r->k_pitch + c;
        float       *dk = r->dk + j * r->dk_pitch + c, *dv = r->dv + j * r->dv_pitch + c;
        float        sum_k[RUN] = {0}, sum_v[RUN] = {0};
        for (int a = 0; a < queries; a++) {
            const float  s = ds[a * pitch + j], share = w[a * pitch + j];
            const float *q = r->q[a] + c, *dy = r->dy[a] + c;
            for (int64_t i = 0; i < n; i++) {
                sum_k[i] += s * q[i];
                sum_v[i] += share * dy[i];
                dq[a][i] += s * k[i];
            }
        }
        for (int64_t i = 0; i < n; i++) {
            dk[i] += sum_k[i];
            dv[i] += sum_v[i];
        }
    }
    for (int a = 0; a < queries; a++) memcpy(r->dq[a] + c, dq[a], (size_t)n * sizeof dq[a][0]);
}
GD_ISA_BODY void give_body GIVE {
    if (n == RUN && queries == QUERIES)
        give_some(r, w, ds, pitch, c, RUN, QUERIES);
    else
        give_some(r, w, ds, pitch, c, n, queries);
}
GD_ISA(give, GIVE, (r, w, ds, pitch, c, n, queries))

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
        dots(r->q[a], h->k, h->d, h->pitch, h->scale, h->w + a * h->pitch);
        weigh(h->w + a * h->pitch, h->mask, h->keys);
        dots(r->dy[a], h->v, h->d, h->pitch, 1, h->ds + a * h->pitch);
        pass_back(h->w + a * h->pitch, h->ds + a * h->pitch, h->keys, h->scale);
    }
    for (int64_t c = 0; c < h->d; c += RUN)
        give(r, h->w, h->ds, h->pitch, c, h->d - c < RUN ? h->d - c : RUN, r->queries);
}

/* All keys of the head, no query yet. */
static rows rows_of(const head *h) {
    const gd_tensor *k = h->l->in[2], *dk = h->l->out[1], *dv = h->l->out[2];
    const int64_t    first = h->b * h->keys;
    return (rows){.k = GD_AT(const float, k, first) + h->at,
                  .dk = GD_AT(float, dk, first) + h->at,
                  .dv = GD_AT(float, dv, first) + h->at,
                  .k_pitch = k->pitch,
                  .dk_pitch = dk->pitch,
                  .dv_pitch = dv->pitch,
                  .keys = h->keys};
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
            rows r = rows_of(&h);
            r.queries = queries - q < QUERIES ? (int)(queries - q) : QUERIES;
            take_queries(&h, q, &r);
        }
    }
    return GD_OK;
}
