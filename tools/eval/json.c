/* json.c -- an evaluation as JSON: everything that the tables and charts show; see report.h. */
#include <math.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/eval/report.h"
#include "weights/json_make.h"

/* Shares keep twelve digits: files are compared to 1e-6. What does not exist is null. */
static json_t *number(double v) {
    return v < 0 || !isfinite(v) ? json_null() : json_real(round(v * 1e12) / 1e12);
}

static json_t *milliseconds(double v) { return json_real(round(v * 1e3) / 1e3); }

static json_t *timing(const gd_timing *t, bool *ok) {
    json_t *o = json_object();
    gd_json_set(ok, o, "n", json_integer(t->n));
    gd_json_set(ok, o, "mean", milliseconds(t->mean));
    gd_json_set(ok, o, "median", milliseconds(t->median));
    gd_json_set(ok, o, "p90", milliseconds(t->p90));
    gd_json_set(ok, o, "p99", milliseconds(t->p99));
    return o;
}

static json_t *table(const int64_t *count, int n, bool *ok) {
    json_t *rows = json_array();
    for (int i = 0; i < n; i++) {
        json_t *row = json_array();
        for (int k = 0; k < n; k++)
            gd_json_add(ok, row, json_integer(count[(size_t)i * (size_t)n + (size_t)k]));
        gd_json_add(ok, rows, row);
    }
    return rows;
}

static json_t *box_json(const double box[4], bool *ok) {
    json_t *a = json_array();
    for (int i = 0; i < 4; i++) gd_json_add(ok, a, json_real(round(box[i] * 1e3) / 1e3));
    return a;
}

/* ---- boxes ------------------------------------------------------------------------------- */

static json_t *level_json(const gd_eval_level *l, bool *ok) {
    json_t *o = json_object();
    gd_json_set(ok, o, "score", number(l->hits ? l->score : -1)); /* null: none is good */
    gd_json_set(ok, o, "precision", number(l->precision));
    gd_json_set(ok, o, "recall", number(l->recall));
    gd_json_set(ok, o, "f1", number(l->f1));
    gd_json_set(ok, o, "found", json_integer(l->hits));
    gd_json_set(ok, o, "missed", json_integer(l->n_truth - l->hits));
    gd_json_set(ok, o, "false", json_integer(l->misses));
    return o;
}

static json_t *class_json(const gd_eval_report *r, int k, bool *ok) {
    const gd_eval_boxes *e = r->boxes;
    const gd_eval_class *c = &e->coco.by_class[k];
    const float         *p = e->coco.precision + (size_t)k * GD_EVAL_RECALLS;
    json_t              *o = json_object(), *curve = json_array();
    gd_json_set(ok, o, "name", gd_json_string(r->classes[k]));
    gd_json_set(ok, o, "objects", json_integer(c->n_truth));
    gd_json_set(ok, o, "detections", json_integer(c->n_found));
    gd_json_set(ok, o, "AP", number(c->ap));
    gd_json_set(ok, o, "AP50", number(c->ap50));
    gd_json_set(ok, o, "AP75", number(c->ap75));
    gd_json_set(ok, o, "AR_100", number(c->ar));
    gd_json_set(ok, o, "VOC", number(e->voc.ap[k]));
    gd_json_set(ok, o, "VOC07", number(e->voc.ap07[k]));
    gd_json_set(ok, o, "best", level_json(&e->class_best[k], ok));
    for (int i = 0; c->n_truth && i < GD_EVAL_RECALLS; i++)
        gd_json_add(ok, curve, json_real(round((double)p[i] * 1e6) / 1e6));
    gd_json_set(ok, o, "precision_at_recall", curve);
    return o;
}

static json_t *miss_json(const gd_eval_report *r, const gd_eval_miss *m, bool *ok) {
    static const char *const why[] = {[GD_EVAL_UNSEEN] = "unseen",
                                      [GD_EVAL_UNSURE] = "unsure",
                                      [GD_EVAL_POOR_BOX] = "poor_box",
                                      [GD_EVAL_CALLED] = "called",
                                      [GD_EVAL_FALSE_ALARM] = "false"};
    const gd_eval_set       *set = &r->boxes->set;
    json_t                  *o = json_object();
    gd_json_set(ok, o, "why", json_string(why[m->why]));
    if (m->truth >= 0) {
        const gd_eval_truth *t = &set->truth[m->truth];
        gd_json_set(ok, o, "class", gd_json_string(r->classes[t->class_id]));
        gd_json_set(ok, o, "bbox", box_json(t->box, ok));
    }
    if (m->found >= 0) {
        const gd_eval_found *f = &set->found[m->found];
        gd_json_set(ok, o, "found_class", gd_json_string(r->classes[f->class_id]));
        gd_json_set(ok, o, "found_bbox", box_json(f->box, ok));
        gd_json_set(ok, o, "score", number(f->score));
        if (m->truth >= 0) gd_json_set(ok, o, "iou", number(m->iou));
    }
    return o;
}

static json_t *worst_json(const gd_eval_report *r, bool *ok) {
    const gd_eval_misses *w = &r->boxes->worst;
    json_t               *list = json_array();
    for (int i = 0; i < w->n; i++) {
        const gd_eval_picture *p = &w->picture[i];
        json_t                *o = json_object(), *misses = json_array();
        gd_json_set(ok, o, "picture", gd_json_string(r->images[p->image]));
        gd_json_set(ok, o, "objects", json_integer(p->n_truth));
        gd_json_set(ok, o, "missed", json_integer(p->missed));
        gd_json_set(ok, o, "false", json_integer(p->alarms));
        for (int k = 0; k < p->n; k++)
            gd_json_add(ok, misses, miss_json(r, &w->miss[p->first + k], ok));
        gd_json_set(ok, o, "misses", misses);
        gd_json_add(ok, list, o);
    }
    return list;
}

static void set_boxes(const gd_eval_report *r, json_t *o, bool *ok) {
    const gd_eval_boxes *e = r->boxes;
    json_t              *coco = json_object(), *voc = json_object(), *classes = json_array();
    for (int i = 0; i < GD_EVAL_STATS; i++)
        gd_json_set(ok, coco, gd_eval_stat_name[i], number(e->coco.stat[i]));
    gd_json_set(ok, o, "objects", json_integer(e->n_truth));
    gd_json_set(ok, o, "detections", json_integer(e->set.n_found));
    gd_json_set(ok, o, "coco", coco);
    gd_json_set(ok, voc, "mAP", number(e->voc.map));
    gd_json_set(ok, voc, "mAP07", number(e->voc.map07));
    gd_json_set(ok, o, "voc", voc);
    gd_json_set(ok, o, "best", level_json(&e->best, ok));
    for (int k = 0; k < r->n_classes; k++) gd_json_add(ok, classes, class_json(r, k, ok));
    gd_json_set(ok, o, "classes", classes);
    gd_json_set(ok, o, "confusion",
                e->confusion ? table(e->confusion, r->n_classes + 1, ok) : json_null());
    gd_json_set(ok, o, "worst", worst_json(r, ok));
}

/* ---- labels and pixels ------------------------------------------------------------------- */

static json_t *tallies(const gd_eval_report *r, const int64_t *count, bool *ok) {
    json_t *list = json_array();
    for (int k = 0; k < r->n_classes; k++) {
        const gd_eval_tally t = gd_eval_tally_of(count, r->n_classes, k);
        json_t             *o = json_object();
        gd_json_set(ok, o, "name", gd_json_string(r->classes[k]));
        gd_json_set(ok, o, r->labels ? "pictures" : "pixels", json_integer(t.truth));
        if (r->labels && t.truth)
            gd_json_set(ok, o, "top5", number((double)r->labels->top5[k] / (double)t.truth));
        if (r->pixels) gd_json_set(ok, o, "iou", number(t.iou));
        gd_json_set(ok, o, "precision", number(t.precision));
        gd_json_set(ok, o, "recall", number(t.recall));
        gd_json_set(ok, o, "f1", number(t.f1));
        gd_json_add(ok, list, o);
    }
    return list;
}

static void set_labels(const gd_eval_report *r, json_t *o, bool *ok) {
    const gd_eval_labels *l = r->labels;
    json_t               *slips = json_array();
    const double          n = l->n ? l->n : 1;
    gd_json_set(ok, o, "top1", number(l->n_top1 / n));
    gd_json_set(ok, o, "top5", number(l->n_top5 / n));
    gd_json_set(ok, o, "classes", tallies(r, l->confusion, ok));
    gd_json_set(ok, o, "confusion", table(l->confusion, r->n_classes + 1, ok));
    for (int i = 0; i < l->n_slip; i++) {
        const gd_eval_slip *s = &l->slip[i];
        json_t             *one = json_object();
        gd_json_set(ok, one, "picture", gd_json_string(r->images[s->image]));
        gd_json_set(ok, one, "class", gd_json_string(r->classes[s->truth]));
        gd_json_set(ok, one, "found_class",
                    s->found < 0 ? json_null() : gd_json_string(r->classes[s->found]));
        gd_json_set(ok, one, "score", number((double)s->score));
        gd_json_add(ok, slips, one);
    }
    gd_json_set(ok, o, "mistakes", slips);
}

static void set_pixels(const gd_eval_report *r, json_t *o, bool *ok) {
    const gd_eval_pixels *p = r->pixels;
    gd_json_set(ok, o, "mIoU", number(p->miou));
    gd_json_set(ok, o, "pixel_accuracy", number(p->accuracy));
    gd_json_set(ok, o, "pixels", json_integer(p->n));
    gd_json_set(ok, o, "void_pixels", json_integer(p->n_void));
    gd_json_set(ok, o, "classes", tallies(r, p->confusion, ok));
    gd_json_set(ok, o, "confusion", table(p->confusion, r->n_classes + 1, ok));
}

/* ---- all --------------------------------------------------------------------------------- */

json_t *gd_eval_json(const gd_eval_report *r, bool *ok) {
    json_t *o = json_object(), *ms = json_object();
    gd_json_set(ok, o, "gdrun", json_string(gd_version()));
    gd_json_set(ok, o, "date", json_string(r->date));
    gd_json_set(ok, o, "model", r->model ? gd_json_string(r->model) : json_null());
    if (r->model) {
        gd_json_set(ok, o, "architecture", json_string(r->arch));
        gd_json_set(ok, o, "device", json_string(r->device));
        gd_json_set(ok, o, "precision", json_string(r->precision));
    } else {
        gd_json_set(ok, o, "results", gd_json_string(r->results));
    }
    gd_json_set(ok, o, "data", gd_json_string(r->data));
    gd_json_set(ok, o, "format", json_string(r->format));
    gd_json_set(ok, o, "split", *r->split ? gd_json_string(r->split) : json_null());
    gd_json_set(ok, o, "pictures", json_integer(r->n_images));
    gd_json_set(ok, o, "failed", json_integer(r->n_failed));
    if (r->boxes && r->conf >= 0) {
        gd_json_set(ok, o, "conf", number(r->conf));
        gd_json_set(ok, o, "iou", number(r->iou));
    }
    if (r->boxes) set_boxes(r, o, ok);
    if (r->labels) set_labels(r, o, ok);
    if (r->pixels) set_pixels(r, o, ok);
    if (r->infer.n) {
        gd_json_set(ok, ms, "decode", timing(&r->decode, ok));
        gd_json_set(ok, ms, "infer", timing(&r->infer, ok));
        gd_json_set(ok, o, "ms", ms);
        gd_json_set(ok, o, "batch", json_integer(r->batch));
        gd_json_set(ok, o, "wall_ms", milliseconds(r->wall_ms));
        gd_json_set(ok, o, "img_per_s",
                    milliseconds(r->wall_ms > 0 ? 1e3 * r->infer.n / r->wall_ms : 0));
    } else {
        json_decref(ms);
    }
    return o;
}

char *gd_eval_json_text(const gd_eval_report *r) {
    bool    ok = true;
    json_t *o = gd_eval_json(r, &ok);
    char   *text = ok && o ? gd_json_text(o, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(o);
    if (!text) return NULL;
    const size_t n = strlen(text);
    char        *line = gd_mem_grow(text, n + 1, n + 2);
    if (!line) {
        gd_mem_put(text);
        return NULL;
    }
    memcpy(line + n, "\n", 2);
    return line;
}

double gd_eval_main_number(const gd_eval_report *r, const char **name) {
    if (r->boxes) {
        *name = "AP";
        return r->boxes->coco.stat[0];
    }
    if (r->labels) {
        *name = "top-1";
        return r->labels->n ? (double)r->labels->n_top1 / r->labels->n : -1;
    }
    *name = "mIoU";
    return r->pixels->miou;
}
