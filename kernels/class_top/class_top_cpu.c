/* class_top_cpu.c -- the best classes of a dense head in one pass over its logits.
 *
 * Most logits are below the threshold, and a block of them is passed over at once. Levels and
 * pictures in parallel. */
#include <math.h>

#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/class_top/class_top.h"
#include "kernels/cpu/isa.h"
#include "kernels/rank.h"

enum { STEP = 32 };

static int64_t room(const gd_launch *l, int level) {
    const int32_t k = ((const gd_class_top *)l->attr)->k;
    return gdk_best_room(k, gdk_class_top_size(l->in[level]));
}

/* Keys of all levels of a picture, twice. */
static int64_t rooms(const gd_launch *l, int levels) {
    int64_t sum = 0;
    for (int i = 0; i < levels; i++) sum += 2 * room(l, i);
    return sum;
}

size_t gdk_class_top_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)(l->in[0]->dim[0] * rooms(l, l->n_in)) * sizeof(uint64_t);
}

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

/* Moves *at to the first block of STEP logits, at or after it, that holds one not below
 * `least`; what is left of the last block counts as one. */
GD_ISA_BODY void pass_body(const float *v, int64_t n, float least, int64_t *at) {
    int64_t i = *at;
    for (; i + STEP <= n; i += STEP) {
        int any = 0;
        for (int j = 0; j < STEP; j++) any |= v[i + j] >= least;
        if (any) break;
    }
    *at = i;
}
GD_ISA(pass, (const float *v, int64_t n, float least, int64_t *at), (v, n, least, at))

/* The best of a level into key, sorted; returns their number. */
static int64_t select_best(const gd_launch *l, int level, int64_t b, uint64_t *key) {
    const gd_class_top *a = l->attr;
    const gd_tensor    *t = l->in[level];
    const int64_t       cells = t->dim[1] * t->dim[2], C = t->dim[3];
    const float         floor_of = gdk_class_top_least(a->min_score);
    gdk_best best = gdk_best_start(key, gdk_class_top_share(t, a->k), room(l, level));
    for (int64_t cell = 0; cell < cells; cell++) {
        const float *v = GD_AT(const float, t, b *cells + cell);
        for (int64_t c = 0; c < C;) {
            pass(v, C, best.worst ? gdk_rank_score(best.worst) : floor_of, &c);
            for (const int64_t end = C - c < STEP ? C : c + STEP; c < end; c++)
                if (v[c] >= floor_of && c % a->classes != a->background &&
                    sigmoid(v[c]) > a->min_score)
                    gdk_best_push(&best, gdk_rank_of(v[c]), cell * C + c);
        }
    }
    return gdk_best_end(&best);
}

/* Level `level` of picture b. */
static void one_level(const gd_launch *l, int level, int64_t b) {
    const gd_class_top *a = l->attr;
    uint64_t           *key = (uint64_t *)l->scratch + b * rooms(l, l->n_in) + rooms(l, level);
    int64_t             at = 0, row = 0;
    for (int i = 0; i < level; i++) {
        at += gdk_class_top_share(l->in[i], a->k);
        row += gdk_class_top_size(l->in[i]) / a->classes;
    }
    float        *score = GD_AT(float, l->out[0], b) + at;
    int32_t      *row_out = GD_AT(int32_t, l->out[1], b) + at;
    int32_t      *label = GD_AT(int32_t, l->out[2], b) + at;
    const int64_t m = gdk_class_top_share(l->in[level], a->k);
    const int64_t found = select_best(l, level, b, key);
    for (int64_t j = 0; j < m; j++) {
        const int64_t i = j < found ? gdk_rank_index(key[j]) : -1;
        score[j] = i < 0 ? 0 : sigmoid(gdk_rank_score((uint32_t)(key[j] >> 32)));
        row_out[j] = i < 0 ? -1 : (int32_t)(row + i / a->classes);
        label[j] = i < 0 ? -1 : (int32_t)(i % a->classes);
    }
}

/* Of a picture in which nothing passed: the best of all. */
static float best_of_all(const gd_launch *l, int64_t b) {
    const gd_class_top *a = l->attr;
    float               best = -INFINITY;
    bool                any = false;
    for (int i = 0; i < l->n_in; i++) {
        const int64_t cells = l->in[i]->dim[1] * l->in[i]->dim[2], C = l->in[i]->dim[3];
        for (int64_t cell = 0; cell < cells; cell++) {
            const float *v = GD_AT(const float, l->in[i], b *cells + cell);
            for (int64_t c = 0; c < C; c++)
                if (v[c] >= best && c % a->classes != a->background) best = v[c], any = true;
        }
    }
    return any ? sigmoid(best) : -1;
}

gd_status gdk_class_top_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t B = l->in[0]->dim[0], m = l->out[0]->dim[1];
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(dynamic)
    for (int64_t i = 0; i < B * l->n_in; i++) one_level(l, (int)(i % l->n_in), i / l->n_in);
#pragma omp parallel for num_threads(gd_cpu_threads()) if (B > 1)
    for (int64_t b = 0; b < B; b++) {
        const float *score = GD_AT(const float, l->out[0], b);
        float        top = -1;
        for (int64_t j = 0; j < m; j++)
            if (GD_AT(const int32_t, l->out[1], b)[j] >= 0 && score[j] > top) top = score[j];
        ((float *)l->out[3]->data)[b] = top >= 0 ? top : best_of_all(l, b);
    }
    return GD_OK;
}
