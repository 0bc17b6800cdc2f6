/* attention_cpu.c -- attention in blocks of queries and keys, with a running softmax.
 *
 * A task is 32 queries of one head. It walks over the keys that take part, 64 at a time: scores
 * vectorised over the keys (which are turned for that), then their exponentials, then the
 * weighted values, vectorised over channels. When the largest score of a query grows, what was
 * summed so far is scaled down. Nothing grows with queries times keys. */
#include <math.h>
#include <string.h>

#include "kernels/arg.h"
#include "kernels/attention/attention.h"
#include "kernels/cpu/spread.h"
#include "kernels/cpu/vmath.h"

enum { QUERIES = 32, KEYS = 64, MOST = 128, RUN = 32 };

typedef struct block {
    int64_t      d;
    int          queries, keys; /* keys of the block, a multiple of nothing */
    const float *q[QUERIES], *v[KEYS];
    float        scale;
    float        turned[MOST][KEYS]; /* k, channel by channel */
    float        s[QUERIES][KEYS];
    float        top[QUERIES], sum[QUERIES];
    float        y[QUERIES][MOST];
} block;

/* Scores of two queries with all keys of the block. */
GD_ISA_BODY void score_pair_body(block *t, int i) {
    const float *a = t->q[i], *b = t->q[i + 1 < t->queries ? i + 1 : i];
    float        x[KEYS] = {0}, y[KEYS] = {0};
    for (int64_t c = 0; c < t->d; c++) {
        const float u = a[c], w = b[c];
        for (int j = 0; j < KEYS; j++) x[j] += u * t->turned[c][j];
        for (int j = 0; j < KEYS; j++) y[j] += w * t->turned[c][j];
    }
    for (int j = 0; j < KEYS; j++) t->s[i][j] = x[j] * t->scale;
    for (int j = 0; j < KEYS && i + 1 < t->queries; j++) t->s[i + 1][j] = y[j] * t->scale;
}
GD_ISA(score_pair, (block * t, int i), (t, i))

/* Turns the scores of query i into weights; returns what earlier sums must be scaled by. */
GD_ISA_BODY void weigh_body(block *t, int i, float *shrink) {
    float *s = t->s[i], top = t->top[i], sum = 0;
    for (int j = 0; j < t->keys; j++) top = s[j] > top ? s[j] : top;
    *shrink = gd_exp_f32(t->top[i] - top);
    for (int j = 0; j < KEYS; j++) s[j] = gd_exp_f32(s[j] - top);
    for (int j = 0; j < t->keys; j++) sum += s[j];
    t->sum[i] = t->sum[i] * *shrink + sum;
    t->top[i] = top;
}
GD_ISA(weigh, (block * t, int i, float *shrink), (t, i, shrink))

/* y = y * shrink + weights . values for channels c .. c + n - 1, n at most RUN. */
GD_ISA_BODY void gather_body(block *t, int i, float shrink, int64_t c, int n) {
    float *y = t->y[i] + c, sum[RUN] = {0};
    if (n == RUN) {
        for (int j = 0; j < t->keys; j++) {
            const float  w = t->s[i][j];
            const float *v = t->v[j] + c;
            for (int k = 0; k < RUN; k++) sum[k] += w * v[k];
        }
    } else {
        for (int j = 0; j < t->keys; j++)
            for (int k = 0; k < n; k++) sum[k] += t->s[i][j] * t->v[j][c + k];
    }
    for (int k = 0; k < n; k++) y[k] = y[k] * shrink + sum[k];
}
GD_ISA(gather, (block * t, int i, float shrink, int64_t c, int n), (t, i, shrink, c, n))

/* Takes in the next keys of picture b from *j on that take part, at most KEYS. */
static void load_keys(block *t, const gd_launch *l, int64_t b, int64_t at, int64_t *j) {
    const gd_tensor *k = l->in[1], *v = l->in[2], *m = l->n_in > 3 ? l->in[3] : NULL;
    const float     *mask = m ? GD_AT(const float, m, b) : NULL;
    const int64_t    keys = k->dim[1];
    for (t->keys = 0; *j < keys && t->keys < KEYS; ++*j) {
        if (mask && mask[*j] == 0) continue;
        const float *row = GD_AT(const float, k, b *keys + *j) + at;
        t->v[t->keys] = GD_AT(const float, v, b *keys + *j) + at;
        for (int64_t c = 0; c < t->d; c++) t->turned[c][t->keys] = row[c];
        t->keys++;
    }
}

static void attend(block *t) {
    for (int i = 0; i < t->queries; i += 2) score_pair(t, i);
    for (int i = 0; i < t->queries; i++) {
        float shrink;
        weigh(t, i, &shrink);
        for (int64_t c = 0; c < t->d; c += RUN)
            gather(t, i, shrink, c, t->d - c < RUN ? (int)(t->d - c) : RUN);
    }
}

static void tasks(void *ctx, int64_t first, int64_t last) {
    const gd_launch    *l = ctx;
    const gd_attention *a = l->attr;
    const gd_tensor    *q = l->in[0];
    const int64_t       Lq = q->dim[1], parts = (Lq + QUERIES - 1) / QUERIES;
    const int64_t       d = q->dim[2] / a->heads;
    block               t = {.d = d};
    t.scale = a->scale > 0 ? a->scale : 1.0f / sqrtf((float)d);
    for (int64_t n = first; n < last; n++) {
        const int64_t b = n / parts / a->heads, at = n / parts % a->heads * d;
        const int64_t i0 = n % parts * QUERIES;
        t.queries = (int)(Lq - i0 < QUERIES ? Lq - i0 : QUERIES);
        for (int i = 0; i < t.queries; i++) {
            t.q[i] = GD_AT(const float, q, b *Lq + i0 + i) + at;
            t.top[i] = -INFINITY;
            t.sum[i] = 0;
            memset(t.y[i], 0, sizeof t.y[i]);
        }
        for (int64_t j = 0; j < l->in[1]->dim[1];) {
            load_keys(&t, l, b, at, &j);
            if (t.keys) attend(&t);
        }
        for (int i = 0; i < t.queries; i++) {
            float *y = GD_AT(float, l->out[0], b *Lq + i0 + i) + at;
            for (int64_t c = 0; c < d; c++) y[c] = t.sum[i] > 0 ? t.y[i][c] / t.sum[i] : 0;
        }
    }
}

bool gdk_attention_cpu_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[2] / ((const gd_attention *)l->attr)->heads <= MOST;
}

gd_status gdk_attention_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_attention *a = l->attr;
    gd_launch           copy = *l;
    const int64_t       parts = (l->in[0]->dim[1] + QUERIES - 1) / QUERIES;
    const size_t        work = (size_t)l->in[1]->dim[1] * QUERIES * sizeof(float);
    gdk_spread_pixels(l->in[0]->dim[0] * a->heads * parts, work, tasks, &copy);
    return GD_OK;
}
