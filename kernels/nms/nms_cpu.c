/* nms_cpu.c -- suppression group by group: sorted once, each candidate against the kept ones.
 *
 * Scratch of one picture: keys twice (sorting needs a second array), then one array a
 * coordinate in the order (group, score). The kept boxes of a group move to the front of its
 * part, so that the inner loop reads adjacent floats. Groups go to different threads; the
 * result does not depend on how. */
#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/cpu/isa.h"
#include "kernels/nms/nms.h"
#include "kernels/nms/nms_stripe.h"
#include "kernels/rank.h"

enum { X1, Y1, X2, Y2, AREA, FIELDS, STEP = 32 };

static size_t field_room(const gd_launch *l) { return (size_t)l->in[0]->dim[1] + STEP; }

size_t gdk_nms_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)l->in[0]->dim[1] * (3 * sizeof(uint64_t) + sizeof(int32_t)) +
           field_room(l) * FIELDS * sizeof(float);
}

/* Whether one of m boxes, arrays `room` apart, suppresses `own` when distances count too. */
static bool any_near(const float *box, size_t room, int m, const float own[4],
                     const gd_nms *rule) {
    const gdk_nms_box q = {own[0], own[1], own[2], own[3], 0};
    for (int k = 0; k < m; k++) {
        const gdk_nms_box p = {box[k], box[room + (size_t)k], box[2 * room + (size_t)k],
                               box[3 * room + (size_t)k], 0};
        if (gdk_nms_near(&p, &q, rule->iou, rule->beta)) return true;
    }
    return false;
}

/* One group: candidate i of `box` (FIELDS arrays, `room` apart) is kept unless an earlier kept
 * one overlaps it by more than the rule allows; keep[i] says so. */
GD_ISA_BODY void suppress_body(float *box, size_t room, int64_t n, const gd_nms *rule,
                               uint8_t *keep) {
    const float iou = rule->iou;
    float      *x1 = box, *y1 = x1 + room, *x2 = y1 + room, *y2 = x2 + room, *area = y2 + room;
    int64_t     kept = 0;
    for (int64_t i = 0; i < n; i++) {
        const float a = x1[i], b = y1[i], c = x2[i], d = y2[i], own = area[i];
        int         hit = 0;
        for (int64_t j = 0; j < kept && !hit; j += STEP) {
            /* Entries from kept on are candidates not yet looked at, or stale: not counted. */
            const int m = kept - j < STEP ? (int)(kept - j) : STEP;
            for (int k = 0; k < m; k++) {
                const float left = x1[j + k] > a ? x1[j + k] : a;
                const float top = y1[j + k] > b ? y1[j + k] : b;
                const float right = x2[j + k] < c ? x2[j + k] : c;
                const float bottom = y2[j + k] < d ? y2[j + k] : d;
                const float w = right > left ? right - left : 0;
                const float h = bottom > top ? bottom - top : 0;
                const float inter = w * h;
                hit |= inter / (area[j + k] + own - inter) > iou;
            }
            /* A distance only ever speaks against suppression. */
            if (hit && rule->beta > 0)
                hit = any_near(box + j, room, m, (const float[]){a, b, c, d}, rule);
        }
        keep[i] = !hit;
        if (hit) continue;
        x1[kept] = a;
        y1[kept] = b;
        x2[kept] = c;
        y2[kept] = d;
        area[kept] = own;
        kept++;
    }
}
GD_ISA(suppress, (float *box, size_t room, int64_t n, const gd_nms *rule, uint8_t *keep),
       (box, room, n, rule, keep))

/* Arrays of one picture in scratch. */
typedef struct work {
    uint64_t *key; /* by score, then by (group, place in that order) */
    uint64_t *tmp;
    int32_t  *order; /* box of each place in the order of scores */
    float    *box;
    uint8_t  *keep, *kept; /* in group order; in score order */
    int32_t  *first;       /* where each group starts */
} work;

static work split(const gd_launch *l) {
    const size_t n = (size_t)l->in[0]->dim[1];
    work         w = {.key = l->scratch};
    w.tmp = w.key + n;
    w.keep = (uint8_t *)(w.tmp + n);
    w.kept = w.keep + n;
    w.first = (int32_t *)(void *)(w.tmp + n) + n; /* keep and kept use 2 of the 4 bytes a box */
    w.order = w.first + n;
    w.box = (float *)(void *)(w.order + n);
    return w;
}

/* Fills key with the candidates in order; returns their number. */
static int64_t candidates(const gd_launch *l, int64_t b, int64_t n, const work *w, float *top) {
    const gd_nms *a = l->attr;
    const float  *score = GD_AT(const float, l->in[1], b);
    int64_t       m = 0;
    *top = -1;
    for (int64_t i = 0; i < n; i++) {
        const float *p = GD_AT(const float, l->in[0], b * l->in[0]->dim[1] + i);
        if (score[i] > *top) *top = score[i];
        if (!(a->strict_score ? score[i] > a->min_score : score[i] >= a->min_score)) continue;
        if (!(p[2] - p[0] >= a->min_size && p[3] - p[1] >= a->min_size)) continue;
        w->key[m++] = gdk_rank_key(score[i], i);
    }
    gdk_rank_sort_stable(w->key, w->tmp, m);
    return m;
}

/* From keys by score to keys by (group, place), boxes in that order and the starts of the
 * groups; returns the number of groups. */
static int64_t by_group(const gd_launch *l, int64_t b, int64_t m, const work *w) {
    const int32_t *group = l->n_in > 2 && l->in[2] ? GD_AT(const int32_t, l->in[2], b) : NULL;
    const size_t   room = field_room(l);
    int64_t        n_group = 0;
    for (int64_t i = 0; i < m; i++) {
        w->order[i] = (int32_t)gdk_rank_index(w->key[i]);
        const uint32_t g = group ? (uint32_t)group[w->order[i]] : 0;
        w->key[i] = (uint64_t)g << 32 | (uint32_t)i;
    }
    if (group) gdk_rank_sort_stable(w->key, w->tmp, m);
    for (int64_t i = 0; i < m; i++) {
        const int32_t box = w->order[gdk_rank_index(w->key[i])];
        const float  *p = GD_AT(const float, l->in[0], b * l->in[0]->dim[1] + box);
        for (size_t c = 0; c < 4; c++) w->box[c * room + (size_t)i] = p[c];
        w->box[AREA * room + (size_t)i] = (p[2] - p[0]) * (p[3] - p[1]);
        if (!i || w->key[i] >> 32 != w->key[i - 1] >> 32) w->first[n_group++] = (int32_t)i;
    }
    return n_group;
}

static void one_picture(const gd_launch *l, int64_t b, const work *w) {
    const gd_nms *a = l->attr;
    const int64_t m = l->out[0]->dim[1];
    const int64_t n = gdk_count(l->n_in > 3 ? l->in[3] : NULL, b, l->in[0]->dim[1]);
    float        *top = (float *)l->out[2]->data + b;
    const int64_t n_cand = candidates(l, b, n, w, top);
    const int64_t n_group = by_group(l, b, n_cand, w);
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(dynamic, 1) if (n_cand > 512)
    for (int64_t g = 0; g < n_group; g++) {
        const int64_t first = w->first[g], last = g + 1 < n_group ? w->first[g + 1] : n_cand;
        suppress(w->box + first, field_room(l), last - first, a, w->keep + first);
    }
    for (int64_t i = 0; i < n_cand; i++) w->kept[gdk_rank_index(w->key[i])] = w->keep[i];
    int32_t *index = GD_AT(int32_t, l->out[0], b);
    int64_t  kept = 0;
    for (int64_t i = 0; i < n_cand; i++) {
        if (!w->kept[i]) continue;
        if (kept < m) index[kept] = w->order[i];
        kept++;
    }
    for (int64_t j = kept; j < m; j++) index[j] = -1;
    ((int32_t *)l->out[1]->data)[b] = (int32_t)(kept < m ? kept : m);
    ((int32_t *)l->out[3]->data)[b] = (int32_t)(kept < m ? 0 : kept - m);
}

gd_status gdk_nms_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const work w = split(l);
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++) one_picture(l, b, &w);
    return GD_OK;
}
