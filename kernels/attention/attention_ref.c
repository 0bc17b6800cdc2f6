/* attention_ref.c -- the definition of multi-head attention, and of its gradient. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/attention/attention.h"
#include "kernels/ref.h"

/* One head of one picture: rows of q, k and v, and which keys take part. */
typedef struct head {
    const gd_tensor *q, *k, *v;
    const gd_real   *mask; /* NULL: every key */
    int64_t          b, at, d, queries, keys;
    gd_real          scale;
} head;

static head head_of(const gd_launch *l, int first, int64_t b, int64_t h) {
    const gd_attention *a = l->attr;
    const gd_tensor    *q = l->in[first], *k = l->in[first + 1];
    const gd_tensor    *mask = l->n_in > first + 3 ? l->in[first + 3] : NULL;
    const int64_t       d = q->dim[2] / a->heads;
    return (head){.q = q,
                  .k = k,
                  .v = l->in[first + 2],
                  .mask = mask ? GD_AT(const gd_real, mask, b) : NULL,
                  .b = b,
                  .at = h * d,
                  .d = d,
                  .queries = q->dim[1],
                  .keys = k->dim[1],
                  .scale = a->scale > 0 ? GD_REAL(a->scale) : 1 / sqrt(GD_REAL(d))};
}

static const gd_real *row(const head *h, const gd_tensor *t, int64_t n, int64_t i) {
    return GD_AT(const gd_real, t, h->b *n + i) + h->at;
}

static gd_real dot(const gd_real *a, const gd_real *b, int64_t n) {
    gd_real sum = 0;
    for (int64_t c = 0; c < n; c++) sum += a[c] * b[c];
    return sum;
}

/* Weights of query i: 0 for keys that take no part, all 0 where none does. */
static void weigh(const head *h, int64_t i, gd_real *w) {
    const gd_real *q = row(h, h->q, h->queries, i);
    gd_real        top = -INFINITY, sum = 0;
    for (int64_t j = 0; j < h->keys; j++) {
        if (h->mask && h->mask[j] == 0) continue;
        w[j] = h->scale * dot(q, row(h, h->k, h->keys, j), h->d);
        top = w[j] > top ? w[j] : top;
    }
    for (int64_t j = 0; j < h->keys; j++) {
        w[j] = h->mask && h->mask[j] == 0 ? 0 : exp(w[j] - top);
        sum += w[j];
    }
    for (int64_t j = 0; j < h->keys && sum != 0; j++) w[j] /= sum;
}

gd_status GD_REF(attention)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_attention *a = l->attr;
    gd_real            *w = l->scratch;
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++)
        for (int64_t n = 0; n < a->heads; n++) {
            const head h = head_of(l, 0, b, n);
            for (int64_t i = 0; i < h.queries; i++) {
                gd_real *y = GD_AT(gd_real, l->out[0], b * h.queries + i) + h.at;
                weigh(&h, i, w);
                for (int64_t c = 0; c < h.d; c++) y[c] = 0;
                for (int64_t j = 0; j < h.keys; j++) {
                    const gd_real *v = row(&h, h.v, h.keys, j);
                    for (int64_t c = 0; c < h.d && w[j] != 0; c++) y[c] += w[j] * v[c];
                }
            }
        }
    return GD_OK;
}

/* Adds what query i, whose d(out) is dy, gives to the gradients of its head. With w =
 * softmax(s) and e_j = dy . v_j: d(s_j) = w_j (e_j - sum w e). */
static void pass_back(const head *h, const gd_launch *l, int64_t i, gd_real *w, gd_real *e) {
    const gd_real *q = row(h, h->q, h->queries, i), *dy = row(h, l->in[0], h->queries, i);
    gd_real       *dq = GD_AT(gd_real, l->out[0], h->b * h->queries + i) + h->at, sum = 0;
    weigh(h, i, w);
    for (int64_t j = 0; j < h->keys; j++)
        sum += w[j] * (e[j] = dot(dy, row(h, h->v, h->keys, j), h->d));
    for (int64_t c = 0; c < h->d; c++) dq[c] = 0;
    for (int64_t j = 0; j < h->keys; j++) {
        const gd_real  ds = h->scale * w[j] * (e[j] - sum);
        const gd_real *k = row(h, h->k, h->keys, j);
        gd_real       *dk = GD_AT(gd_real, l->out[1], h->b * h->keys + j) + h->at;
        gd_real       *dv = GD_AT(gd_real, l->out[2], h->b * h->keys + j) + h->at;
        for (int64_t c = 0; c < h->d; c++) {
            dq[c] += ds * k[c];
            dk[c] += ds * q[c];
            dv[c] += w[j] * dy[c];
        }
    }
}

gd_status GD_REF(attention_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_attention *a = l->attr;
    gd_real            *w = l->scratch;
    for (int i = 1; i < 3; i++)
        for (int64_t p = 0; p < gd_tensor_pixels(l->out[i]); p++)
            for (int64_t c = 0; c < gd_tensor_channels(l->out[i]); c++)
                GD_AT(gd_real, l->out[i], p)[c] = 0;
    for (int64_t b = 0; b < l->in[1]->dim[0]; b++)
        for (int64_t n = 0; n < a->heads; n++) {
            const head h = head_of(l, 1, b, n);
            for (int64_t i = 0; i < h.queries; i++) pass_back(&h, l, i, w, w + h.keys);
        }
    return GD_OK;
}
