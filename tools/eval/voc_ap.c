/* voc_ap.c -- average precision as Pascal VOC defines it; see eval.h. */
#include <string.h>

#include "engine/mem.h"
#include "tools/eval/eval.h"

static const double level = 0.5;

typedef struct work {
    const gd_eval_set   *set;
    const gd_eval_order *order;
    int                 *place, *spare; /* the ranking of a class */
    double              *score;         /* by place in the set */
    int                 *first; /* of each picture: its objects of the class, [first, last) */
    int                 *last;
    uint8_t             *taken; /* by place in the order */
    double              *recall, *precision;
} work;

static void release(work *w) {
    gd_mem_put(w->place);
    gd_mem_put(w->spare);
    gd_mem_put(w->score);
    gd_mem_put(w->first);
    gd_mem_put(w->last);
    gd_mem_put(w->taken);
    gd_mem_put(w->recall);
    gd_mem_put(w->precision);
}

static bool open_work(work *w) {
    const size_t found = (size_t)w->set->n_found, images = (size_t)w->set->n_images;
    w->place = gd_mem_array(found, sizeof *w->place);
    w->spare = gd_mem_array(found, sizeof *w->spare);
    w->score = gd_mem_array(found, sizeof *w->score);
    w->recall = gd_mem_array(found, sizeof *w->recall);
    w->precision = gd_mem_array(found, sizeof *w->precision);
    w->first = gd_mem_array(images, sizeof *w->first);
    w->last = gd_mem_array(images, sizeof *w->last);
    w->taken = gd_mem_array((size_t)w->set->n_truth, 1);
    if (!w->place || !w->spare || !w->score || !w->recall || !w->precision || !w->first ||
        !w->last || !w->taken)
        return false;
    for (size_t i = 0; i < found; i++) w->score[i] = w->set->found[i].score;
    return true;
}

static bool aside(const gd_eval_truth *t) { return t->crowd || t->difficult; }

/* The object that a detection overlaps most, the first of equals; -1: none by `level`. A crowd
 * takes what lies inside it and reaches no object. */
static int nearest(const work *w, const gd_eval_found *f) {
    double best = level;
    int    match = -1, crowd = -1;
    for (int i = w->first[f->image]; i < w->last[f->image]; i++) {
        const gd_eval_truth *t = &w->set->truth[w->order->truth[i]];
        const double         iou = gd_eval_iou(f->box, t->box, t->crowd);
        if (t->crowd) {
            if (crowd < 0 && iou >= level) crowd = i;
        } else if (iou > best || (match < 0 && iou >= best)) {
            best = iou;
            match = i;
        }
    }
    return match >= 0 ? match : crowd;
}

/* Recall and precision along the ranking; how many points. A second detection of an object is
 * wrong, even where another object is near. */
static int walk(work *w, int n, int n_true) {
    double hits = 0, misses = 0;
    int    k = 0;
    for (int i = 0; i < n; i++) {
        const int match = nearest(w, &w->set->found[w->place[i]]);
        if (match >= 0 && aside(&w->set->truth[w->order->truth[match]])) continue;
        if (match >= 0 && !w->taken[match]) {
            w->taken[match] = 1;
            hits++;
        } else {
            misses++;
        }
        w->recall[k] = hits / n_true;
        w->precision[k++] = hits / (hits + misses);
    }
    return k;
}

/* The largest precision at each recall of 0, 0.1 .. 1 or more, in the mean. Recall is a whole
 * number over another: a tenth of it is compared without rounding it. */
static double eleven_points(const work *w, int n, int n_true) {
    double sum = 0;
    for (int p = 0; p <= 10; p++) {
        double best = 0;
        for (int i = 0; i < n; i++)
            if (10 * w->recall[i] * n_true > p * n_true - 1e-6 && w->precision[i] > best)
                best = w->precision[i];
        sum += best;
    }
    return sum / 11;
}

/* The area under the curve that only falls. */
static double all_points(const work *w, int n) {
    double area = 0, best = 0;
    for (int i = n - 1; i >= 0; i--) {
        if (w->precision[i] > best) best = w->precision[i];
        area += best * (w->recall[i] - (i ? w->recall[i - 1] : 0));
    }
    return area;
}

/* Objects [t, t_end) and detections [d, d_end) of the order. */
static void judge_class(work *w, gd_eval_voc *out, int c, int t, int t_end, int d, int d_end) {
    int n_true = 0;
    memset(w->first, 0, (size_t)w->set->n_images * sizeof *w->first);
    memset(w->last, 0, (size_t)w->set->n_images * sizeof *w->last);
    for (int i = t, end; i < t_end; i = end) {
        const int32_t image = w->set->truth[w->order->truth[i]].image;
        end = gd_eval_truth_end(w->set, w->order, i, true);
        w->first[image] = i;
        w->last[image] = end;
        for (int k = i; k < end; k++) n_true += !aside(&w->set->truth[w->order->truth[k]]);
    }
    out->ap07[c] = out->ap[c] = -1;
    if (!n_true) return;
    for (int i = d; i < d_end; i++) w->place[i - d] = w->order->found[i];
    gd_eval_sort_scores(w->score, w->place, w->spare, d_end - d);
    const int n = walk(w, d_end - d, n_true);
    out->ap07[c] = eleven_points(w, n, n_true);
    out->ap[c] = all_points(w, n);
}

static double mean(const double *v, int n) {
    double sum = 0;
    int    k = 0;
    for (int i = 0; i < n; i++)
        if (v[i] >= 0) {
            sum += v[i];
            k++;
        }
    return k ? sum / k : -1;
}

gd_status gd_eval_voc_run(const gd_eval_set *set, gd_eval_voc *out, gd_error *err) {
    gd_eval_order o = {0};
    work          w = {.set = set, .order = &o};
    gd_status     st = GD_OK;
    *out = (gd_eval_voc){.n_classes = set->n_classes};
    GD_GO(gd_eval_sort(set, &o, err));
    out->ap07 = gd_mem_array((size_t)set->n_classes, sizeof *out->ap07);
    out->ap = gd_mem_array((size_t)set->n_classes, sizeof *out->ap);
    if (!out->ap07 || !out->ap || !open_work(&w)) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory to judge %d detections", set->n_found);
        goto done;
    }
    for (int c = 0, t = 0, d = 0; c < set->n_classes; c++) {
        const int t0 = t, d0 = d;
        if (t < o.n_truth && set->truth[o.truth[t]].class_id == c)
            t = gd_eval_truth_end(set, &o, t, false);
        if (d < o.n_found && set->found[o.found[d]].class_id == c)
            d = gd_eval_found_end(set, &o, d, false);
        judge_class(&w, out, c, t0, t, d0, d);
    }
    out->map07 = mean(out->ap07, set->n_classes);
    out->map = mean(out->ap, set->n_classes);
done:
    release(&w);
    gd_eval_order_free(&o);
    if (st != GD_OK) gd_eval_voc_free(out);
    return st;
}

void gd_eval_voc_free(gd_eval_voc *v) {
    gd_mem_put(v->ap07);
    gd_mem_put(v->ap);
    *v = (gd_eval_voc){0};
}
