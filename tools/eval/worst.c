/* worst.c -- the pictures on which a detector does worst, and why; see match.h. */
#include <stdlib.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/eval/by_image.h"
#include "tools/eval/match.h"

static const double level = 0.5, near = 0.1;

/* A miss that is not counted: the object has the partner it should have. */
static bool found_right(const gd_eval_set *set, const gd_eval_pairs *p, int truth) {
    const int f = p->of_truth[truth];
    return f == GD_EVAL_ASIDE ||
           (f >= 0 && set->found[f].class_id == set->truth[truth].class_id);
}

/* Most misses first. */
static int compare(const void *a, const void *b) {
    const gd_eval_picture *x = a, *y = b;
    const int              m = x->missed + x->alarms, n = y->missed + y->alarms;
    if (m != n) return m > n ? -1 : 1;
    if (x->missed != y->missed) return x->missed > y->missed ? -1 : 1;
    return x->image < y->image ? -1 : x->image > y->image;
}

static void count(const gd_eval_set *set, const gd_eval_pairs *p, gd_eval_picture *all) {
    for (int i = 0; i < set->n_images; i++) all[i].image = i;
    for (int i = 0; i < set->n_truth; i++) {
        if (p->of_truth[i] == GD_EVAL_ASIDE) continue;
        all[set->truth[i].image].n_truth++;
        all[set->truth[i].image].missed += !found_right(set, p, i);
    }
    for (int i = 0; i < set->n_found; i++)
        if (p->of_found[i] == GD_EVAL_ALONE) all[set->found[i].image].alarms++;
}

/* Why an object without the right partner was missed: what another class made of it, else the
 * detection of its class that came nearest to it. */
static gd_eval_miss explain(const gd_eval_set *set, const gd_eval_pairs *p,
                            const gd_by_image *b, int truth) {
    const gd_eval_truth *o = &set->truth[truth];
    gd_eval_miss         m = {GD_EVAL_UNSEEN, truth, -1, 0};
    int                  unsure = -1, poor = -1;
    double               unsure_iou = 0, poor_iou = 0;
    if (p->of_truth[truth] >= 0) {
        const gd_eval_found *f = &set->found[p->of_truth[truth]];
        return (gd_eval_miss){GD_EVAL_CALLED, truth, p->of_truth[truth],
                              gd_eval_iou(f->box, o->box, false)};
    }
    for (int k = b->found_first[o->image]; k < b->found_first[o->image + 1]; k++) {
        const int            i = b->found[k];
        const gd_eval_found *f = &set->found[i];
        if (f->class_id != o->class_id) continue;
        const double iou = gd_eval_iou(f->box, o->box, false);
        if (f->score < p->score && iou >= level &&
            (unsure < 0 || f->score > set->found[unsure].score)) {
            unsure = i;
            unsure_iou = iou;
        }
        if (f->score >= p->score && iou > near && iou < level && iou > poor_iou) {
            poor = i;
            poor_iou = iou;
        }
    }
    if (poor >= 0) return (gd_eval_miss){GD_EVAL_POOR_BOX, truth, poor, poor_iou};
    if (unsure >= 0) return (gd_eval_miss){GD_EVAL_UNSURE, truth, unsure, unsure_iou};
    return m;
}

/* The misses of one picture, objects first, in the order of the set. */
static void fill(const gd_eval_set *set, const gd_eval_pairs *p, const gd_by_image *b,
                 gd_eval_picture *pic, gd_eval_misses *out) {
    const int image = pic->image;
    pic->first = out->n_miss;
    for (int k = b->truth_first[image]; k < b->truth_first[image + 1]; k++)
        if (!found_right(set, p, b->truth[k]))
            out->miss[out->n_miss++] = explain(set, p, b, b->truth[k]);
    for (int k = b->found_first[image]; k < b->found_first[image + 1]; k++)
        if (p->of_found[b->found[k]] == GD_EVAL_ALONE)
            out->miss[out->n_miss++] = (gd_eval_miss){GD_EVAL_FALSE_ALARM, -1, b->found[k], 0};
    pic->n = out->n_miss - pic->first;
}

gd_status gd_eval_worst(const gd_eval_set *set, const gd_eval_pairs *p, int most,
                        gd_eval_misses *out, gd_error *err) {
    gd_eval_picture *all = gd_mem_array((size_t)set->n_images, sizeof *all);
    gd_by_image      b = {0};
    size_t           n_miss = 0;
    gd_status        st = GD_OK;
    *out = (gd_eval_misses){0};
    if (!all) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory for %d pictures", set->n_images);
        goto done;
    }
    GD_GO(gd_by_image_open(set, &b, err));
    count(set, p, all);
    qsort(all, (size_t)set->n_images, sizeof *all, compare);
    while (out->n < most && out->n < set->n_images &&
           all[out->n].missed + all[out->n].alarms > 0) {
        n_miss += (size_t)all[out->n].missed + (size_t)all[out->n].alarms;
        out->n++;
    }
    out->picture = gd_mem_array((size_t)out->n, sizeof *out->picture);
    out->miss = gd_mem_array(n_miss, sizeof *out->miss);
    if (!out->picture || !out->miss) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory for %zu misses", n_miss);
        gd_eval_misses_free(out);
        goto done;
    }
    if (out->n) memcpy(out->picture, all, (size_t)out->n * sizeof *all);
    for (int i = 0; i < out->n; i++) fill(set, p, &b, &out->picture[i], out);
done:
    gd_by_image_close(&b);
    gd_mem_put(all);
    return st;
}

void gd_eval_misses_free(gd_eval_misses *m) {
    gd_mem_put(m->picture);
    gd_mem_put(m->miss);
    *m = (gd_eval_misses){0};
}
