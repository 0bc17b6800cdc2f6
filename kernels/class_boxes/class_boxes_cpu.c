/* class_boxes_cpu.c -- per-class selection: one scan; only an overflow costs a sort.
 *
 * Scratch of one picture: a key for each candidate in the order of rows and classes, as much
 * again to sort them, room to sort one class, and for each class where its part begins and the
 * last key that stays. */
#include "kernels/arg.h"
#include "kernels/class_boxes/class_boxes.h"
#include "kernels/rank.h"

static int64_t scores_of(const gd_launch *l) { return l->in[0]->dim[1] * l->in[0]->dim[2]; }

size_t gdk_class_boxes_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)(2 * scores_of(l) + l->in[0]->dim[1] + l->in[0]->dim[2] * 2) *
           sizeof(uint64_t);
}

static const float *box_of(const gd_launch *l, int64_t row, int64_t k) {
    const float *p = GD_AT(const float, l->in[1], row);
    return l->in[1]->dim[2] == 4 ? p : p + 4 * k;
}

/* Keys of the candidates of picture b; returns their number. */
static int64_t candidates(const gd_launch *l, int64_t b, uint64_t *key, float *top) {
    const gd_class_boxes *a = l->attr;
    const int64_t         n = l->in[0]->dim[1], K = l->in[0]->dim[2];
    const int64_t         rows = gdk_count(l->n_in > 2 ? l->in[2] : NULL, b, n);
    int64_t               m = 0;
    *top = -1;
    for (int64_t i = 0; i < rows; i++) {
        const float *s = GD_AT(const float, l->in[0], b *n + i);
        for (int64_t k = 0; k < K; k++) {
            if (k == a->background) continue;
            if (s[k] > *top) *top = s[k];
            if (!(s[k] > a->min_score)) continue;
            const float *p = box_of(l, b * n + i, k);
            if (p[2] - p[0] >= a->min_size && p[3] - p[1] >= a->min_size)
                key[m++] = gdk_rank_key(s[k], i * K + k);
        }
    }
    return m;
}

/* Leaves the best candidates of each class that has too many; returns how many are left. */
static int64_t cut_classes(const gd_launch *l, uint64_t *key, uint64_t *tmp, int64_t m) {
    const int64_t  n = l->in[0]->dim[1], most = ((const gd_class_boxes *)l->attr)->per_class;
    const uint32_t K = (uint32_t)l->in[0]->dim[2];
    uint64_t      *spare = tmp + scores_of(l), *last = spare + n, *end = last + K, at = 0;
    int64_t        left = 0;
    memset(end, 0, K * sizeof *end);
    for (int64_t j = 0; j < m; j++) end[(uint32_t)key[j] % K]++;
    for (uint32_t k = 0; k < K; k++) {
        const uint64_t count = end[k];
        end[k] = at;
        at += count;
    }
    /* Class by class; then end[k] is the end of part k. */
    for (int64_t j = 0; j < m; j++) tmp[end[(uint32_t)key[j] % K]++] = key[j];
    for (uint32_t k = 0; k < K; k++) {
        uint64_t     *part = tmp + (k ? end[k - 1] : 0);
        const int64_t count = tmp + end[k] - part;
        last[k] = UINT64_MAX;
        if (count <= most) continue;
        gdk_rank_sort_stable(part, spare, count);
        last[k] = part[most - 1];
    }
    for (int64_t j = 0; j < m; j++)
        if (key[j] <= last[(uint32_t)key[j] % K]) key[left++] = key[j];
    return left;
}

gd_status gdk_class_boxes_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t n = l->in[0]->dim[1], K = l->in[0]->dim[2], cap = l->out[1]->dim[1];
    uint64_t     *key = l->scratch, *tmp = key + scores_of(l);
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++) {
        int64_t found = candidates(l, b, key, (float *)l->out[5]->data + b);
        if (((const gd_class_boxes *)l->attr)->per_class > 0)
            found = cut_classes(l, key, tmp, found);
        const int64_t count = found < cap ? found : cap;
        if (found > cap) {
            /* The best, then back into the order of rows and classes: sorted by index alone. */
            gdk_rank_sort_stable(key, tmp, found);
            for (int64_t j = 0; j < cap; j++) key[j] = (uint64_t)gdk_rank_index(key[j]);
            gdk_rank_sort(key, tmp, cap);
        }
        for (int64_t j = 0; j < cap; j++) {
            float        *o = GD_AT(float, l->out[0], b *cap + j);
            float        *score = GD_AT(float, l->out[1], b) + j;
            int32_t      *label = GD_AT(int32_t, l->out[2], b) + j;
            const int64_t at = j < count ? gdk_rank_index(key[j]) : -1;
            memset(o, 0, 4 * sizeof *o);
            if (at >= 0) memcpy(o, box_of(l, b * n + at / K, at % K), 4 * sizeof *o);
            *score = at < 0 ? 0 : GD_AT(const float, l->in[0], b *n + at / K)[at % K];
            *label = at < 0 ? -1 : (int32_t)(at % K);
        }
        ((int32_t *)l->out[3]->data)[b] = (int32_t)count;
        ((int32_t *)l->out[4]->data)[b] = (int32_t)(found - count);
    }
    return GD_OK;
}
