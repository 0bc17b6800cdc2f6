/* levels.c -- precision, recall and F1 by threshold; see match.h. */
#include <string.h>

#include "engine/mem.h"
#include "tools/eval/match.h"

gd_status gd_eval_all_hits(const gd_eval_coco *c, gd_eval_hit **out, gd_error *err) {
    const int    n = c->first[c->n_classes];
    gd_eval_hit *all = gd_mem_array((size_t)n, sizeof *all);
    double      *score = gd_mem_array((size_t)n, sizeof *score);
    int         *place = gd_mem_array(2 * (size_t)n, sizeof *place);
    gd_status    st = GD_OK;
    *out = NULL;
    if (!all || !score || !place) {
        gd_mem_put(all);
        st = gd_fail(err, GD_ERR_NOMEM, "no memory for %d detections", n);
        goto done;
    }
    for (int i = 0; i < n; i++) {
        score[i] = c->hit[i].score;
        place[i] = i;
    }
    gd_eval_sort_scores(score, place, place + n, n);
    for (int i = 0; i < n; i++) all[i] = c->hit[place[i]];
    *out = all;
done:
    gd_mem_put(score);
    gd_mem_put(place);
    return st;
}

static gd_eval_level level_of(double score, int hits, int misses, int n_truth) {
    gd_eval_level l = {.score = score, .hits = hits, .misses = misses, .n_truth = n_truth};
    if (hits) {
        l.precision = (double)hits / (hits + misses);
        l.recall = n_truth ? (double)hits / n_truth : 0;
        l.f1 = 2.0 * hits / (hits + misses + n_truth);
    }
    return l;
}

gd_eval_level gd_eval_level_at(const gd_eval_hit *hit, int n, int n_truth, double score) {
    int hits = 0, i = 0;
    for (; i < n && hit[i].score >= score; i++) hits += hit[i].hit;
    return level_of(score, hits, i - hits, n_truth);
}

gd_eval_level gd_eval_best_level(const gd_eval_hit *hit, int n, int n_truth) {
    gd_eval_level best = level_of(1, 0, 0, n_truth);
    int           hits = 0;
    for (int i = 0; i < n; i++) {
        hits += hit[i].hit;
        if (i + 1 < n && hit[i + 1].score == hit[i].score) continue;
        const gd_eval_level l = level_of(hit[i].score, hits, i + 1 - hits, n_truth);
        if (l.f1 > best.f1) best = l;
    }
    return best;
}
