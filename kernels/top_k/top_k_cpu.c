/* top_k_cpu.c -- top-k in one pass over the scores.
 *
 * A buffer of four times k collects what may still belong to the best; full, it is sorted and
 * cut to k, and from then on only scores better than the worst of those enter. Pictures in
 * parallel. */
#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/cpu/isa.h"
#include "kernels/rank.h"
#include "kernels/top_k/top_k.h"

enum { STEP = 16 };

static int64_t room(const gd_launch *l) {
    return gdk_best_room(((const gd_top_k *)l->attr)->k, l->in[0]->dim[1]);
}

size_t gdk_top_k_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)(l->in[0]->dim[0] * room(l) * 2) * sizeof(uint64_t);
}

/* Moves *at to the start of the first block of STEP scores, at or after it, that holds one
 * above `least`; what is left of the last block counts as one. */
GD_ISA_BODY void skip_body(const float *s, int64_t n, float least, int64_t *at) {
    int64_t i = *at;
    for (; i + STEP <= n; i += STEP) {
        int any = 0;
        for (int j = 0; j < STEP; j++) any |= s[i + j] > least;
        if (any) break;
    }
    *at = i;
}
GD_ISA(skip, (const float *s, int64_t n, float least, int64_t *at), (s, n, least, at))

/* Leaves the best min(k, n) of n scores in key, sorted. */
static void select_best(const float *s, int64_t n, int64_t k, uint64_t *key, int64_t most) {
    gdk_best best = gdk_best_start(key, k, most);
    for (int64_t i = 0; i < n;) {
        if (best.worst) skip(s, n, gdk_rank_score(best.worst), &i);
        for (const int64_t end = n - i < STEP ? n : i + STEP; i < end; i++)
            gdk_best_push(&best, gdk_rank_of(s[i]), i);
    }
    gdk_best_end(&best);
}

static void one_picture(const gd_launch *l, int64_t b) {
    const int64_t k = l->out[0]->dim[1], most = room(l);
    const int64_t n = gdk_count(l->n_in > 1 ? l->in[1] : NULL, b, l->in[0]->dim[1]);
    const float  *s = GD_AT(const float, l->in[0], b);
    float        *value = GD_AT(float, l->out[0], b);
    int32_t      *index = GD_AT(int32_t, l->out[1], b);
    uint64_t     *key = (uint64_t *)l->scratch + b * most * 2;
    const int64_t found = n < k ? n : k;
    select_best(s, n, k, key, most);
    for (int64_t j = 0; j < found; j++) {
        index[j] = (int32_t)gdk_rank_index(key[j]);
        value[j] = s[index[j]];
    }
    for (int64_t j = found; j < k; j++) {
        index[j] = -1;
        value[j] = 0;
    }
    ((int32_t *)l->out[2]->data)[b] = (int32_t)found;
}

gd_status gdk_top_k_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t B = l->in[0]->dim[0];
#pragma omp parallel for num_threads(gd_cpu_threads()) if (B > 1)
    for (int64_t b = 0; b < B; b++) one_picture(l, b);
    return GD_OK;
}
