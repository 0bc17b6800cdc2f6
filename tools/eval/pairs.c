/* pairs.c -- objects and detections of a picture, brought together whatever their class; see
 * match.h. */
#include <stdlib.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "tools/eval/by_image.h"
#include "tools/eval/match.h"

static const double level = 0.5;

/* Two that overlap enough. */
typedef struct candidate {
    int    truth, found;
    bool   same; /* class */
    double iou, score;
} candidate;

static bool inside(const gd_eval_set *set, int32_t image, int32_t class_id) {
    return image >= 0 && image < set->n_images && class_id >= 0 && class_id < set->n_classes;
}

/* Best first: same class, larger IoU, higher score, then the order of the set. */
static int compare(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->same != y->same) return x->same ? -1 : 1;
    if (x->iou != y->iou) return x->iou > y->iou ? -1 : 1;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->truth != y->truth) return x->truth < y->truth ? -1 : 1;
    return x->found < y->found ? -1 : x->found > y->found;
}

/* Pairs of one picture that overlap enough, put into *list; false: no memory. */
static bool candidates(const gd_eval_set *set, const gd_eval_pairs *p, const int *truth,
                       int n_truth, const int *found, int n_found, candidate **list,
                       size_t *room, int *n) {
    *n = 0;
    for (int t = 0; t < n_truth; t++)
        for (int f = 0; f < n_found; f++) {
            if (p->of_truth[truth[t]] != GD_EVAL_ALONE ||
                p->of_found[found[f]] != GD_EVAL_ALONE)
                continue;
            const gd_eval_truth *o = &set->truth[truth[t]];
            const gd_eval_found *d = &set->found[found[f]];
            const double         iou = gd_eval_iou(d->box, o->box, false);
            if (iou < level) continue;
            if ((size_t)*n == *room) {
                const size_t more = *room ? 2 * *room : 256;
                candidate   *grown =
                    gd_mem_grow(*list, *room * sizeof *grown, more * sizeof *grown);
                if (!grown) return false;
                *list = grown;
                *room = more;
            }
            (*list)[(*n)++] =
                (candidate){truth[t], found[f], o->class_id == d->class_id, iou, d->score};
        }
    return true;
}

static bool aside(const gd_eval_truth *t) { return t->crowd || t->difficult; }

/* A detection that has no partner, and lies on something that is not judged. */
static void set_aside(const gd_eval_set *set, const int *truth, int n_truth, int found,
                      gd_eval_pairs *p) {
    const gd_eval_found *d = &set->found[found];
    for (int t = 0; t < n_truth && p->of_found[found] == GD_EVAL_ALONE; t++) {
        const gd_eval_truth *o = &set->truth[truth[t]];
        if (aside(o) && gd_eval_iou(d->box, o->box, o->crowd) >= level)
            p->of_found[found] = GD_EVAL_ASIDE;
    }
}

static gd_status pair_all(const gd_eval_set *set, const gd_by_image *b, gd_eval_pairs *p,
                          gd_error *err) {
    candidate *list = NULL;
    size_t     room = 0;
    gd_status  st = GD_OK;
    for (int i = 0, n; i < set->n_images; i++) {
        const int  t0 = b->truth_first[i], f0 = b->found_first[i];
        const int  n_truth = b->truth_first[i + 1] - t0, n_found = b->found_first[i + 1] - f0;
        const int *truth = b->truth + t0, *found = b->found + f0;
        if (!candidates(set, p, truth, n_truth, found, n_found, &list, &room, &n)) {
            st = gd_fail(err, GD_ERR_NOMEM, "no memory for the pairs of a picture");
            break;
        }
        if (n) qsort(list, (size_t)n, sizeof *list, compare);
        for (int k = 0; k < n; k++) {
            const candidate *c = &list[k];
            if (aside(&set->truth[c->truth]) || p->of_truth[c->truth] != GD_EVAL_ALONE ||
                p->of_found[c->found] != GD_EVAL_ALONE)
                continue;
            p->of_truth[c->truth] = c->found;
            p->of_found[c->found] = c->truth;
        }
        for (int f = 0; f < n_found; f++) set_aside(set, truth, n_truth, found[f], p);
        for (int t = 0; t < n_truth; t++)
            if (aside(&set->truth[truth[t]])) p->of_truth[truth[t]] = GD_EVAL_ASIDE;
    }
    gd_mem_put(list);
    return st;
}

gd_status gd_eval_pair(const gd_eval_set *set, double score, gd_eval_pairs *out,
                       gd_error *err) {
    gd_by_image b = {0};
    gd_status   st = GD_OK;
    out->score = score;
    out->of_truth = gd_mem_array((size_t)set->n_truth, sizeof *out->of_truth);
    out->of_found = gd_mem_array((size_t)set->n_found, sizeof *out->of_found);
    if (!out->of_truth || !out->of_found) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory for %d detections", set->n_found);
        goto done;
    }
    for (int i = 0; i < set->n_truth; i++) {
        const gd_eval_truth *t = &set->truth[i];
        out->of_truth[i] = inside(set, t->image, t->class_id) ? GD_EVAL_ALONE : GD_EVAL_ASIDE;
    }
    for (int i = 0; i < set->n_found; i++) {
        const gd_eval_found *f = &set->found[i];
        const bool           counts = inside(set, f->image, f->class_id) && f->score >= score;
        out->of_found[i] = counts ? GD_EVAL_ALONE : GD_EVAL_ASIDE;
    }
    GD_GO(gd_by_image_open(set, &b, err));
    GD_GO(pair_all(set, &b, out, err));
done:
    gd_by_image_close(&b);
    if (st != GD_OK) gd_eval_pairs_free(out);
    return st;
}

void gd_eval_pairs_free(gd_eval_pairs *p) {
    gd_mem_put(p->of_truth);
    gd_mem_put(p->of_found);
    p->of_truth = p->of_found = NULL;
}

gd_status gd_eval_confusion(const gd_eval_set *set, const gd_eval_pairs *p, int64_t **count,
                            gd_error *err) {
    const size_t n = (size_t)set->n_classes, side = n + 1;
    size_t       cells;
    *count = gd_mul_size(side, side, &cells) ? gd_mem_array(cells, sizeof **count) : NULL;
    if (!*count) return gd_fail(err, GD_ERR_NOMEM, "no memory for a table of %zu classes", n);
    for (int i = 0; i < set->n_truth; i++) {
        const int f = p->of_truth[i];
        if (f == GD_EVAL_ASIDE) continue;
        const size_t found = f < 0 ? n : (size_t)set->found[f].class_id;
        (*count)[(size_t)set->truth[i].class_id * side + found]++;
    }
    for (int i = 0; i < set->n_found; i++)
        if (p->of_found[i] == GD_EVAL_ALONE)
            (*count)[n * side + (size_t)set->found[i].class_id]++;
    return GD_OK;
}
