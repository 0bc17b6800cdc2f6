/* coco_ap.c -- average precision and recall as COCO defines them; see eval.h.
 *
 * A class at a time: its pictures are matched one by one, for each of 4 ranges of size and 10
 * of IoU, which leaves a mark at each detection; then all detections of the class are ranked
 * by score and the marks are counted along the ranking. The arithmetic is that of pycocotools
 * to the bit where a comparison depends on it (thresholds, the epsilon of precision). */
#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "tools/eval/eval.h"

const char *const gd_eval_stat_name[GD_EVAL_STATS] = {
    "AP",   "AP50",  "AP75",   "AP_small", "AP_medium", "AP_large",
    "AR_1", "AR_10", "AR_100", "AR_small", "AR_medium", "AR_large"};

enum { SMALL_CUT = 32 * 32, MEDIUM_CUT = 96 * 96, MARKS = GD_EVAL_AREAS * GD_EVAL_IOUS };

typedef enum mark { MISS, HIT, IGNORED } mark;

static const double area_low[GD_EVAL_AREAS] = {0, 0, SMALL_CUT, MEDIUM_CUT};
static const double area_high[GD_EVAL_AREAS] = {1e10, SMALL_CUT, MEDIUM_CUT, 1e10};

static bool outside(double area, int a) { return area < area_low[a] || area > area_high[a]; }

/* numpy.linspace(0.5, 0.95, 10) and (0, 1, 101), whose last values are set, not computed. */
static double iou_level(int t) {
    const double step = (0.95 - 0.5) / (GD_EVAL_IOUS - 1);
    return t == GD_EVAL_IOUS - 1 ? 0.95 : t * step + 0.5;
}
static double recall_level(int r) { return r == GD_EVAL_RECALLS - 1 ? 1.0 : r * 0.01; }

double gd_eval_iou(const double a[4], const double b[4], bool in_a) {
    const double w = fmin(a[2] + a[0], b[2] + b[0]) - fmax(a[0], b[0]);
    const double h = fmin(a[3] + a[1], b[3] + b[1]) - fmax(a[1], b[1]);
    if (w <= 0 || h <= 0) return 0;
    const double both = w * h, own = a[2] * a[3];
    const double share = both / (in_a ? own : own + b[2] * b[3] - both);
    return share > 0 ? share : 0; /* sides whose product overflows make a NaN */
}

/* One class on its way. Arrays over its detections, in the order of pictures and scores. */
typedef struct work {
    const gd_eval_set   *set;
    const gd_eval_order *order;
    gd_eval_coco        *out;
    int                  n, n_hit; /* detections of the class; hits written so far */
    int                  n_true[GD_EVAL_AREAS]; /* objects that count */
    int                 *rank;                  /* in its picture: 0 is the best */
    int                 *found;                 /* place in the set */
    double              *score;
    int                 *place, *spare; /* the ranking of the class */
    uint8_t             *marks;         /* [MARKS][room] */
    size_t               room;
    double              *curve; /* precision along the ranking */
    double              *recall;
    /* One picture: IoU [detections][objects], objects in the order of a range of size. */
    double *iou;
    int    *turn, *taken;
    size_t  iou_room, truth_room;
    double  sum[GD_EVAL_STATS]; /* over classes */
    int     count[GD_EVAL_STATS];
} work;

static void release(work *w) {
    gd_mem_put(w->rank);
    gd_mem_put(w->found);
    gd_mem_put(w->score);
    gd_mem_put(w->place);
    gd_mem_put(w->spare);
    gd_mem_put(w->marks);
    gd_mem_put(w->curve);
    gd_mem_put(w->recall);
    gd_mem_put(w->iou);
    gd_mem_put(w->turn);
    gd_mem_put(w->taken);
}

/* Arrays for the class with most detections. */
static bool open_work(work *w, const gd_eval_set *set, const gd_eval_order *o) {
    int most = 0;
    for (int i = 0, end; i < o->n_found; i = end) {
        end = gd_eval_found_end(set, o, i, false);
        if (end - i > most) most = end - i;
    }
    const size_t room = (size_t)most;
    w->set = set;
    w->order = o;
    w->room = room;
    w->rank = gd_mem_array(room, sizeof *w->rank);
    w->found = gd_mem_array(room, sizeof *w->found);
    w->score = gd_mem_array(room, sizeof *w->score);
    w->place = gd_mem_array(room, sizeof *w->place);
    w->spare = gd_mem_array(room, sizeof *w->spare);
    w->marks = gd_mem_array(room, MARKS);
    w->curve = gd_mem_array(room, sizeof *w->curve);
    w->recall = gd_mem_array(room, sizeof *w->recall);
    return w->rank && w->found && w->score && w->place && w->spare && w->marks && w->curve &&
           w->recall;
}

/* ---- one picture ------------------------------------------------------------------------- */

static gd_status picture_room(work *w, size_t n_found, size_t n_truth, gd_error *err) {
    size_t need;
    if (!gd_mul_size(n_found, n_truth, &need))
        return gd_fail(err, GD_ERR_NOMEM, "%zu objects in one picture", n_truth);
    if (need > w->iou_room) {
        gd_mem_put(w->iou);
        w->iou = gd_mem_array(need, sizeof *w->iou);
        w->iou_room = w->iou ? need : 0;
    }
    if (n_truth > w->truth_room) {
        gd_mem_put(w->turn);
        gd_mem_put(w->taken);
        w->turn = gd_mem_array(n_truth, sizeof *w->turn);
        w->taken = gd_mem_array(n_truth, sizeof *w->taken);
        w->truth_room = w->turn && w->taken ? n_truth : 0;
    }
    if (need > w->iou_room || n_truth > w->truth_room)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu objects in one picture", n_truth);
    return GD_OK;
}

static const gd_eval_truth *truth_at(const work *w, int i) {
    return &w->set->truth[w->order->truth[i]];
}

static bool ignored(const gd_eval_truth *t, int a) {
    return t->crowd || t->difficult || outside(t->area, a);
}

/* The objects of a range of size first, then those that are ignored, each in their order; how
 * many come first. */
static int take_turns(work *w, int from, int n, int a) {
    int k = 0, counted;
    for (int i = 0; i < n; i++)
        if (!ignored(truth_at(w, from + i), a)) w->turn[k++] = i;
    counted = k;
    for (int i = 0; i < n; i++)
        if (ignored(truth_at(w, from + i), a)) w->turn[k++] = i;
    return counted;
}

/* The object that a detection takes: the one it overlaps most, at `level` or more (the later
 * of equals); ignored ones, which stand from `counted` on, only where no other is reached. */
static int best_match(const work *w, const double *iou, int from, int n, int counted,
                      double level) {
    double best = fmin(level, 1 - 1e-10);
    int    match = -1;
    for (int k = 0; k < n; k++) {
        const int i = w->turn[k];
        if (k == counted && match >= 0) break;
        if (iou[i] < best || (w->taken[i] && !truth_at(w, from + i)->crowd)) continue;
        best = iou[i];
        match = k;
    }
    return match;
}

/* Marks the picture's n_found detections, which are the last of the class so far, against
 * n_truth objects from `from` on. */
static void mark_picture(work *w, int from, int n_truth, int n_found) {
    const int at = w->n - n_found;
    for (int a = 0; a < GD_EVAL_AREAS; a++) {
        const int counted = take_turns(w, from, n_truth, a);
        w->n_true[a] += counted;
        for (int t = 0; t < GD_EVAL_IOUS; t++) {
            uint8_t *marks = w->marks + (size_t)(a * GD_EVAL_IOUS + t) * w->room + (size_t)at;
            if (n_truth) memset(w->taken, 0, (size_t)n_truth * sizeof *w->taken);
            for (int d = 0; d < n_found; d++) {
                const double *b = w->set->found[w->found[at + d]].box;
                const int k = best_match(w, w->iou + (size_t)d * (size_t)n_truth, from, n_truth,
                                         counted, iou_level(t));
                if (k >= 0) w->taken[w->turn[k]] = 1;
                if (k < 0)
                    marks[d] = outside(b[2] * b[3], a) ? IGNORED : MISS;
                else
                    marks[d] = k < counted ? HIT : IGNORED;
            }
        }
    }
}

/* One picture of a class: its objects [t, t_end) and detections [d, d_end) of the order. */
static gd_status add_picture(work *w, int t, int t_end, int d, int d_end, gd_error *err) {
    const int n_truth = t_end - t;
    const int n_found = d_end - d > GD_EVAL_MOST ? GD_EVAL_MOST : d_end - d;
    GD_TRY(picture_room(w, (size_t)n_found, (size_t)n_truth, err));
    for (int i = 0; i < n_found; i++) {
        const int            place = w->order->found[d + i];
        const gd_eval_found *f = &w->set->found[place];
        for (int k = 0; k < n_truth; k++) {
            const gd_eval_truth *o = truth_at(w, t + k);
            w->iou[i * n_truth + k] = gd_eval_iou(f->box, o->box, o->crowd);
        }
        w->rank[w->n] = i;
        w->found[w->n] = place;
        w->score[w->n++] = f->score;
    }
    mark_picture(w, t, n_truth, n_found);
    return GD_OK;
}

/* ---- one class --------------------------------------------------------------------------- */

static void count_in(work *w, int stat, double value) {
    w->sum[stat] += value;
    w->count[stat]++;
}

/* Recall and precision along the ranking, of detections among the best `most` of their
 * pictures: how many. */
static int walk(work *w, int a, int t, int most) {
    const uint8_t *marks = w->marks + (size_t)(a * GD_EVAL_IOUS + t) * w->room;
    double         hits = 0, misses = 0;
    int            n = 0;
    for (int i = 0; i < w->n; i++) {
        const int p = w->place[i];
        if (w->rank[p] >= most) continue;
        hits += marks[p] == HIT;
        misses += marks[p] == MISS;
        w->recall[n] = hits / w->n_true[a];
        w->curve[n++] = hits / (misses + hits + DBL_EPSILON);
    }
    return n;
}

/* The mean precision over 101 recalls; each is also stored where `out` is given. */
static double mean_precision(work *w, int n, float *out) {
    double sum = 0;
    for (int i = n - 1; i > 0; i--)
        if (w->curve[i] > w->curve[i - 1]) w->curve[i - 1] = w->curve[i];
    for (int r = 0, i = 0; r < GD_EVAL_RECALLS; r++) {
        while (i < n && w->recall[i] < recall_level(r)) i++;
        const double p = i < n ? w->curve[i] : 0;
        sum += p;
        if (out) out[r] = (float)p;
    }
    return sum / GD_EVAL_RECALLS;
}

/* Precision and recall of one range of size at 100 detections a picture. */
static void judge_area(work *w, int a, int class_id) {
    enum { AP_SIZES = 2, AR_ALL = 8 };
    gd_eval_class *c = &w->out->by_class[class_id];
    double         ap = 0, ar = 0;
    for (int t = 0; t < GD_EVAL_IOUS; t++) {
        const int  n = walk(w, a, t, GD_EVAL_MOST);
        const bool keep = a == 0 && t == 0;
        float     *row = w->out->precision + (size_t)class_id * GD_EVAL_RECALLS;
        ar += n ? w->recall[n - 1] : 0; /* before the curve is made to fall */
        const double p = mean_precision(w, n, keep ? row : NULL);
        ap += p;
        if (keep) c->ap50 = p;
        if (a == 0 && t == 5) c->ap75 = p;
    }
    count_in(w, a ? AP_SIZES + a : 0, ap / GD_EVAL_IOUS);
    count_in(w, AR_ALL + a, ar / GD_EVAL_IOUS);
    if (a) return;
    c->ap = ap / GD_EVAL_IOUS;
    c->ar = ar / GD_EVAL_IOUS;
    count_in(w, 1, c->ap50);
    count_in(w, 2, c->ap75);
}

/* Recall at fewer detections a picture, of all sizes. */
static void judge_few(work *w, int stat, int most) {
    double ar = 0;
    for (int t = 0; t < GD_EVAL_IOUS; t++) {
        const int n = walk(w, 0, t, most);
        ar += n ? w->recall[n - 1] : 0;
    }
    count_in(w, stat, ar / GD_EVAL_IOUS);
}

static void judge_class(work *w, int class_id) {
    gd_eval_coco *out = w->out;
    for (int i = 0; i < w->n; i++) w->place[i] = i;
    gd_eval_sort_scores(w->score, w->place, w->spare, w->n);
    out->first[class_id] = w->n_hit;
    for (int i = 0; i < w->n; i++) {
        const int p = w->place[i];
        if (w->marks[p] == IGNORED) continue;
        out->hit[w->n_hit++] = (gd_eval_hit){w->score[p], w->found[p], w->marks[p] == HIT};
    }
    out->by_class[class_id].n_truth = w->n_true[0];
    for (int a = 0; a < GD_EVAL_AREAS; a++)
        if (w->n_true[a]) judge_area(w, a, class_id);
    if (w->n_true[0]) judge_few(w, 6, 1);
    if (w->n_true[0]) judge_few(w, 7, 10);
}

static gd_status run_classes(work *w, gd_error *err) {
    const gd_eval_set   *set = w->set;
    const gd_eval_order *o = w->order;
    int                  t = 0, d = 0;
    for (int c = 0; c < set->n_classes; c++) {
        const int d_class = d;
        w->n = 0;
        memset(w->n_true, 0, sizeof w->n_true);
        for (;;) { /* pictures with an object or a detection of the class, in their order */
            const bool more_t = t < o->n_truth && truth_at(w, t)->class_id == c;
            const bool more_d = d < o->n_found && set->found[o->found[d]].class_id == c;
            if (!more_t && !more_d) break;
            const int it = more_t ? truth_at(w, t)->image : INT32_MAX;
            const int id = more_d ? set->found[o->found[d]].image : INT32_MAX;
            const int t_end = it <= id ? gd_eval_truth_end(set, o, t, true) : t;
            const int d_end = id <= it ? gd_eval_found_end(set, o, d, true) : d;
            GD_TRY(add_picture(w, t, t_end, d, d_end, err));
            t = t_end;
            d = d_end;
        }
        w->out->by_class[c].n_found = d - d_class;
        judge_class(w, c);
    }
    w->out->first[set->n_classes] = w->n_hit;
    return GD_OK;
}

/* ---- all --------------------------------------------------------------------------------- */

static bool open_result(gd_eval_coco *c, const gd_eval_set *set) {
    const size_t n = (size_t)set->n_classes;
    c->n_classes = set->n_classes;
    c->by_class = gd_mem_array(n, sizeof *c->by_class);
    c->precision = gd_mem_array(n, GD_EVAL_RECALLS * sizeof *c->precision);
    c->hit = gd_mem_array((size_t)set->n_found, sizeof *c->hit);
    c->first = gd_mem_array(n + 1, sizeof *c->first);
    if (!c->by_class || !c->precision || !c->hit || !c->first) return false;
    for (size_t i = 0; i < n; i++) c->by_class[i] = (gd_eval_class){0, 0, -1, -1, -1, -1};
    for (size_t i = 0; i < n * GD_EVAL_RECALLS; i++) c->precision[i] = -1;
    return true;
}

gd_status gd_eval_coco_run(const gd_eval_set *set, gd_eval_coco *out, gd_error *err) {
    gd_eval_order o = {0};
    work          w = {.out = out};
    gd_status     st = GD_OK;
    *out = (gd_eval_coco){0};
    GD_GO(gd_eval_sort(set, &o, err));
    if (!open_result(out, set) || !open_work(&w, set, &o)) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory to judge %d detections", set->n_found);
        goto done;
    }
    GD_GO(run_classes(&w, err));
    for (int i = 0; i < GD_EVAL_STATS; i++)
        out->stat[i] = w.count[i] ? w.sum[i] / w.count[i] : -1;
done:
    release(&w);
    gd_eval_order_free(&o);
    if (st != GD_OK) gd_eval_coco_free(out);
    return st;
}

void gd_eval_coco_free(gd_eval_coco *c) {
    gd_mem_put(c->by_class);
    gd_mem_put(c->precision);
    gd_mem_put(c->hit);
    gd_mem_put(c->first);
    *c = (gd_eval_coco){0};
}
