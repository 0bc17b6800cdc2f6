/* order.c -- the pictures of each batch; see order.h. */
#include "tools/data/order.h"

#include <stdlib.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/philox.h"

enum { STREAM = 0x6f726465, BATCH_STREAM = 0x62617463 };

static uint64_t draw(uint64_t seed, uint32_t epoch, uint32_t stream, uint32_t i) {
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t counter[4] = {i, 0, stream, epoch};
    uint32_t       r[4];
    gd_philox(key, counter, r);
    return (uint64_t)r[0] << 32 | r[1];
}

gd_status gd_order_open(gd_order *o, const gd_data *d, uint64_t seed, int batch, bool shuffle,
                        bool by_aspect, gd_error *err) {
    const size_t n = d->n_images;
    bool         ok = true;
    *o = (gd_order){.seed = seed, .batch = batch, .shuffle = shuffle, .by_aspect = by_aspect};
    if (n == 0 || batch < 1)
        return gd_fail_code(err, GD_ERR_FORMAT, 802, "%.200s: has no pictures", d->path);
    for (int g = 0; g < 2; g++) {
        o->at[g] = gd_mem_array(n, sizeof **o->at);
        o->members[g] = gd_mem_array(n, sizeof **o->members);
        ok = ok && o->at[g] && o->members[g];
    }
    o->key = gd_mem_array(2 * n, sizeof *o->key); /* with room for the index beside it */
    o->first = gd_mem_array(n + 2, sizeof *o->first);
    if (!ok || !o->key || !o->first) {
        gd_order_close(o);
        return gd_fail(err, GD_ERR_NOMEM, "no memory for the order of %zu pictures", n);
    }
    for (size_t i = 0; i < n; i++) {
        int g = by_aspect && d->images[i].width < d->images[i].height;
        o->members[g][o->n[g]++] = (uint32_t)i;
    }
    for (int g = 0; g < 2; g++) o->batches += (o->n[g] + (uint32_t)batch - 1) / (uint32_t)batch;
    return GD_OK;
}

void gd_order_close(gd_order *o) {
    for (int g = 0; g < 2; g++) {
        gd_mem_put(o->at[g]);
        gd_mem_put(o->members[g]);
    }
    gd_mem_put(o->key);
    gd_mem_put(o->first);
    *o = (gd_order){0};
}

static int compare(const void *a, const void *b) {
    const uint64_t *p = a, *q = b;
    if (p[0] != q[0]) return p[0] < q[0] ? -1 : 1;
    return (p[1] > q[1]) - (p[1] < q[1]);
}

/* Sorts n numbers by random keys. */
static void shuffle(gd_order *o, uint32_t *v, uint32_t n, uint32_t stream) {
    for (uint32_t i = 0; i < n; i++) {
        o->key[2 * i] = draw(o->seed, o->epoch, stream, v[i]);
        o->key[2 * i + 1] = v[i];
    }
    qsort(o->key, n, 2 * sizeof *o->key, compare);
    for (uint32_t i = 0; i < n; i++) v[i] = (uint32_t)o->key[2 * i + 1];
}

void gd_order_epoch(gd_order *o, uint32_t epoch) {
    uint32_t k = 0;
    if (o->have_epoch && o->epoch == epoch) return;
    o->have_epoch = true;
    o->epoch = epoch;
    for (uint32_t g = 0; g < 2; g++) {
        memcpy(o->at[g], o->members[g], o->n[g] * sizeof **o->at);
        if (o->shuffle) shuffle(o, o->at[g], o->n[g], STREAM);
        for (uint32_t i = 0; i < o->n[g]; i += (uint32_t)o->batch) o->first[k++] = g << 31 | i;
    }
    if (o->shuffle && o->by_aspect) shuffle(o, o->first, k, BATCH_STREAM);
}

int gd_order_batch(const gd_order *o, uint32_t i, int from, int n, uint32_t *out, bool *tall) {
    const uint32_t g = o->first[i] >> 31, first = o->first[i] & 0x7fffffff;
    int            got = 0;
    *tall = g != 0;
    for (int k = from; k < from + n && k < o->batch; k++) {
        uint32_t at = first + (uint32_t)k;
        if (at >= o->n[g] && !o->shuffle) break;
        out[got++] = o->at[g][at % o->n[g]];
    }
    return got;
}
