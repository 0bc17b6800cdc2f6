/* charts.c -- charts of an evaluation: precision and recall, F1, confusion; see report.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/eval/report.h"
#include "tools/media/encode.h"
#include "tools/plot/plot.h"

enum { SHOWN = 10, STEPS = 201, NAME_ROOM = 64 }; /* classes with a line of their own */

static const char *const box_charts[] = {"pr_curve.png", "f1_curve.png", "scores.png",
                                         "confusion.png"};

const char *gd_eval_chart_name(const gd_eval_report *r, int i) {
    const int n = (int)(sizeof box_charts / sizeof *box_charts);
    if (r->n_classes > GD_PLOT_TABLE_MOST - 1 && (!r->boxes || i == n - 1)) return NULL;
    if (r->boxes) return i < n ? box_charts[i] : NULL;
    return i == 0 ? box_charts[n - 1] : NULL;
}

/* Room for the lines of a chart: all classes together, and those with most objects. */
typedef struct lines {
    gd_plot_line line[SHOWN + 1];
    char         name[SHOWN + 1][NAME_ROOM];
    int          of[SHOWN]; /* class */
    int          n;         /* of `of` */
    double      *x, *y;     /* [SHOWN + 1][STEPS] */
} lines;

static void close_lines(lines *l) {
    if (!l) return;
    gd_mem_put(l->x);
    gd_mem_put(l->y);
    gd_mem_put(l);
}

/* The classes with most objects, the first of equals first. */
static void choose(const gd_eval_report *r, lines *l) {
    for (int k = 0; k < r->n_classes; k++) {
        const int n = r->boxes->coco.by_class[k].n_truth;
        int       at = l->n;
        if (!n) continue;
        while (at > 0 && r->boxes->coco.by_class[l->of[at - 1]].n_truth < n) at--;
        if (at == SHOWN) continue;
        const int last = l->n < SHOWN ? l->n++ : SHOWN - 1;
        for (int i = last; i > at; i--) l->of[i] = l->of[i - 1];
        l->of[at] = k;
    }
}

static gd_status open_lines(const gd_eval_report *r, lines **out, gd_error *err) {
    lines *l = gd_mem_get_zero(sizeof *l);
    *out = NULL;
    if (l) {
        l->x = gd_mem_array((SHOWN + 1) * STEPS, sizeof *l->x);
        l->y = gd_mem_array((SHOWN + 1) * STEPS, sizeof *l->y);
    }
    if (!l || !l->x || !l->y) {
        close_lines(l);
        return gd_fail(err, GD_ERR_NOMEM, "no memory for a chart");
    }
    choose(r, l);
    for (int i = 0; i <= l->n; i++)
        l->line[i] = (gd_plot_line){.name = l->name[i],
                                    .x = l->x + (size_t)i * STEPS,
                                    .y = l->y + (size_t)i * STEPS,
                                    .color = i ? gd_plot_color(i - 1) : (gd_color){20, 20, 20},
                                    .width = i ? 1.5f : 3};
    *out = l;
    return GD_OK;
}

/* "name 0.534", the name cut where it is long. */
static void name_line(lines *l, int i, const char *name, double v) {
    snprintf(l->name[i], NAME_ROOM, "%.30s%s %.3f", name, strlen(name) > 30 ? "..." : "",
             v < 0 ? 0 : v);
}

/* Draws and writes the chart, and releases its lines. */
static gd_status save(lines *l, gd_plot *p, const char *path, unsigned flags, gd_error *err) {
    gd_plot_picture picture = {0};
    gd_status       st;
    p->line = l->line;
    p->x[1] = p->y[1] = 1;
    st = gd_plot_lines(p, &picture, err);
    if (st == GD_OK) st = gd_encode_file(path, flags, &picture.image, err);
    gd_plot_free(&picture);
    close_lines(l);
    return st;
}

/* Precision over recall at IoU 0.5: the mean over the classes, and the larger ones. */
static gd_status precision_recall(const gd_eval_report *r, const char *path, unsigned flags,
                                  gd_error *err) {
    const gd_eval_coco *c = &r->boxes->coco;
    lines              *l;
    gd_plot             p = {.title = "Precision and recall (IoU 0.5)"};
    p.x_label = "recall";
    p.y_label = "precision";
    GD_TRY(open_lines(r, &l, err));
    double *x = l->x, *y = l->y;
    for (int i = 0; i < GD_EVAL_RECALLS; i++) {
        double sum = 0;
        int    n = 0;
        for (int k = 0; k < c->n_classes; k++) {
            const float v = c->precision[(size_t)k * GD_EVAL_RECALLS + (size_t)i];
            if (v < 0) continue;
            sum += (double)v;
            n++;
        }
        x[i] = i / (double)(GD_EVAL_RECALLS - 1);
        y[i] = n ? sum / n : 0;
    }
    name_line(l, 0, "all classes, AP50", c->stat[1]);
    l->line[0].n = GD_EVAL_RECALLS;
    for (int s = 0; s < l->n; s++) {
        const float *v = c->precision + (size_t)l->of[s] * GD_EVAL_RECALLS;
        for (int i = 0; i < GD_EVAL_RECALLS; i++) {
            x[(s + 1) * STEPS + i] = x[i];
            y[(s + 1) * STEPS + i] = (double)v[i];
        }
        l->line[s + 1].n = GD_EVAL_RECALLS;
        name_line(l, s + 1, r->classes[l->of[s]], c->by_class[l->of[s]].ap50);
    }
    p.n_lines = l->n + 1;
    return save(l, &p, path, flags, err);
}

/* F1 over the least score. */
static gd_status f1_curve(const gd_eval_report *r, const char *path, unsigned flags,
                          gd_error *err) {
    const gd_eval_boxes *b = r->boxes;
    lines               *l;
    gd_plot              p = {.title = "F1 by least score (IoU 0.5)"};
    p.x_label = "least score";
    p.y_label = "F1";
    GD_TRY(open_lines(r, &l, err));
    for (int s = 0; s <= l->n; s++) {
        const int          k = s ? l->of[s - 1] : 0;
        const gd_eval_hit *hit = s ? b->coco.hit + b->coco.first[k] : b->hit;
        const int          n = s ? b->coco.first[k + 1] - b->coco.first[k] : b->n_hit;
        const int          n_truth = s ? b->coco.by_class[k].n_truth : b->n_truth;
        for (int i = 0; i < STEPS; i++) {
            const double at = i / (double)(STEPS - 1);
            l->x[s * STEPS + i] = at;
            l->y[s * STEPS + i] = gd_eval_level_at(hit, n, n_truth, at).f1;
        }
        l->line[s].n = STEPS;
        name_line(l, s, s ? r->classes[k] : "all classes",
                  s ? b->class_best[k].f1 : b->best.f1);
    }
    p.n_lines = l->n + 1;
    return save(l, &p, path, flags, err);
}

/* Precision, recall and F1 of all classes together over the least score. */
static gd_status score_curves(const gd_eval_report *r, const char *path, unsigned flags,
                              gd_error *err) {
    static const char *const names[] = {"precision", "recall", "F1"};
    const gd_eval_boxes     *b = r->boxes;
    lines                   *l;
    gd_plot                  p = {.title = "All classes by least score (IoU 0.5)",
                                  .x_label = "least score",
                                  .n_lines = 3};
    GD_TRY(open_lines(r, &l, err));
    for (int s = 0; s < 3; s++) {
        for (int i = 0; i < STEPS; i++) {
            const double        at = i / (double)(STEPS - 1);
            const gd_eval_level v = gd_eval_level_at(b->hit, b->n_hit, b->n_truth, at);
            l->x[s * STEPS + i] = at;
            /* Of nothing found there is no precision. */
            const double precision = v.hits + v.misses ? v.precision : (double)NAN;
            l->y[s * STEPS + i] = s == 0 ? precision : s == 1 ? v.recall : v.f1;
        }
        snprintf(l->name[s], NAME_ROOM, "%s", names[s]);
        l->line[s] = (gd_plot_line){l->name[s], l->x + s * STEPS, l->y + s * STEPS,
                                    STEPS,      gd_plot_color(s), 2};
    }
    return save(l, &p, path, flags, err);
}

static gd_status confusion(const gd_eval_report *r, const char *path, unsigned flags,
                           gd_error *err) {
    gd_plot_picture picture = {0};
    char            title[80];
    gd_plot_table   t = {.title = title,
                         .row_label = "what is there",
                         .column_label = "what was found",
                         .names = r->classes,
                         .n = r->n_classes + 1,
                         .count = r->boxes    ? r->boxes->confusion
                                  : r->labels ? r->labels->confusion
                                              : r->pixels->confusion};
    if (r->boxes)
        snprintf(title, sizeof title, "Confusion at a least score of %.3f",
                 r->boxes->best.score);
    else
        snprintf(title, sizeof title, "Confusion");
    gd_status st = gd_plot_counts(&t, &picture, err);
    if (st == GD_OK) st = gd_encode_file(path, flags, &picture.image, err);
    gd_plot_free(&picture);
    return st;
}

gd_status gd_eval_chart(const gd_eval_report *r, int i, const char *path, unsigned flags,
                        gd_error *err) {
    if (!r->boxes || i == 3) return confusion(r, path, flags, err);
    if (i == 0) return precision_recall(r, path, flags, err);
    return i == 1 ? f1_curve(r, path, flags, err) : score_curves(r, path, flags, err);
}
