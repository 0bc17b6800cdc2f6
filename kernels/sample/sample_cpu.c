/* sample_cpu.c -- the balanced draw in one pass over the rows: the best keys of either class.
 *
 * The buffers of kernels/rank.h keep what may still belong to the smallest. Pictures in
 * parallel. */
#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/rank.h"
#include "kernels/sample/sample.h"
#include "kernels/sample/sample_key.h"

static int64_t room(const gd_launch *l) {
    return gdk_best_room(((const gd_sample *)l->attr)->n, l->in[0]->dim[1]);
}

size_t gdk_sample_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)(l->in[0]->dim[0] * room(l) * 4) * sizeof(uint64_t);
}

/* Writes the rows of up to `most` keys; returns their number. */
static int64_t put(gdk_best *best, int64_t most, const int32_t *match, int32_t *index,
                   int32_t *drawn) {
    const int64_t found = gdk_best_end(best), n = found < most ? found : most;
    for (int64_t j = 0; j < n; j++) {
        index[j] = (int32_t)gdk_rank_index(best->key[j]);
        drawn[j] = match[index[j]];
    }
    return n;
}

static void one_picture(const gd_launch *l, int64_t b) {
    const gd_sample *a = l->attr;
    const int64_t    most = room(l);
    const int32_t   *match = GD_AT(const int32_t, l->in[0], b);
    int32_t         *index = GD_AT(int32_t, l->out[0], b);
    int32_t         *drawn = GD_AT(int32_t, l->out[1], b);
    uint64_t        *key = (uint64_t *)l->scratch + b * most * 4;
    gdk_best         best[2] = {gdk_best_start(key, a->n, most),
                                gdk_best_start(key + most * 2, a->n, most)};
    for (int64_t i = 0; i < l->in[0]->dim[1]; i++) {
        if (match[i] < -1) continue;
        const uint64_t k = gdk_sample_key(l->in[1]->data, a->stream, (uint32_t)b, (uint32_t)i);
        gdk_best_push(&best[match[i] < 0], (uint32_t)(k >> 32), i);
    }
    int64_t n = put(&best[0], gdk_sample_positives(a), match, index, drawn);
    ((int32_t *)l->out[2]->data)[b] = (int32_t)n;
    n += put(&best[1], a->n - n, match, index + n, drawn + n);
    ((int32_t *)l->out[3]->data)[b] = (int32_t)n;
    for (; n < a->n; n++) {
        index[n] = -1;
        drawn[n] = -2;
    }
}

gd_status gdk_sample_cpu_i32(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t B = l->in[0]->dim[0];
#pragma omp parallel for num_threads(gd_cpu_threads()) if (B > 1)
    for (int64_t b = 0; b < B; b++) one_picture(l, b);
    return GD_OK;
}
