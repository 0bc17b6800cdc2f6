/* markdown.c -- an evaluation as Markdown that is also read well as it stands; see report.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tools/cli/text.h"
#include "tools/eval/report.h"

enum { MISSES_SHOWN = 4, SLIPS_SHOWN = 10 };

static void put(gd_buffer *b, const char *fmt, ...) GD_PRINTF(2, 3);
static void put(gd_buffer *b, const char *fmt, ...) {
    char    text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    gd_put(b, text);
}

/* A name in a cell of a table: escaped, and a bar does not end the cell. */
static const char *cell(char *out, size_t room, const char *name) {
    char   shown[200];
    size_t n = 0;
    gd_escape(shown, sizeof shown, name);
    for (const char *p = shown; *p && n + 3 < room; p++) {
        if (*p == '|') out[n++] = '\\';
        out[n++] = *p;
    }
    out[n] = '\0';
    return out;
}

/* Three digits; a dash for what does not exist. */
static const char *share(char out[16], double v) {
    if (v < 0)
        snprintf(out, 16, "-");
    else
        snprintf(out, 16, "%.3f", v);
    return out;
}

/* ---- what was evaluated ------------------------------------------------------------------ */

/* "1 picture", "2 pictures". */
static void put_number(gd_buffer *b, int n, const char *one, const char *ending) {
    put(b, "%d %s%s", n, one, n == 1 ? "" : ending);
}

static void put_head(const gd_eval_report *r, gd_buffer *b) {
    char what[300], data[300];
    gd_escape(what, sizeof what, r->model ? r->model : r->results);
    gd_escape(data, sizeof data, r->data);
    put(b, "gdrun %s eval, %s\n", gd_version(), r->date);
    if (r->model)
        put(b, "%s (%s, %s, %s)", what, r->arch, r->device, r->precision);
    else
        put(b, "detections of %s", what);
    put(b, " on %s (%s%s%s)\n", data, r->format, *r->split ? ", " : "", r->split);
    put_number(b, r->n_images, "picture", "s");
    if (r->n_failed) put(b, ", %d of them failed", r->n_failed);
    if (r->boxes) {
        gd_put(b, ", ");
        put_number(b, r->boxes->n_truth, "object", "s");
        gd_put(b, ", ");
        put_number(b, r->boxes->set.n_found, "detection", "s");
    }
    gd_put(b, ", ");
    put_number(b, r->n_classes, "class", "es");
    if (r->boxes && r->conf >= 0) put(b, "; least score %g, NMS IoU %g", r->conf, r->iou);
    put(b, "\n\n");
}

static void put_times(const gd_eval_report *r, gd_buffer *b) {
    const struct {
        const char      *name;
        const gd_timing *t;
    } row[] = {{"decode", &r->decode}, {"infer", &r->infer}};
    if (!r->infer.n) return;
    put(b, "| ms a picture | mean | median | p90 | p99 |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < 2; i++)
        if (row[i].t->n)
            put(b, "| %s | %.2f | %.2f | %.2f | %.2f |\n", row[i].name, row[i].t->mean,
                row[i].t->median, row[i].t->p90, row[i].t->p99);
    put(b, "\n%d pictures in %.2f s, %.1f a second, batch %d\n\n", r->infer.n, r->wall_ms / 1e3,
        r->wall_ms > 0 ? 1e3 * r->infer.n / r->wall_ms : 0, r->batch);
}

/* ---- boxes ------------------------------------------------------------------------------- */

static void put_coco(const gd_eval_boxes *e, gd_buffer *b) {
    char v[16];
    put(b, "| COCO | all | IoU 0.50 | IoU 0.75 | small | medium | large |\n"
           "|---|---|---|---|---|---|---|\n| AP |");
    for (int i = 0; i < 6; i++) put(b, " %s |", share(v, e->coco.stat[i]));
    put(b, "\n\n| COCO | 1 a picture | 10 | 100 | small | medium | large |\n"
           "|---|---|---|---|---|---|---|\n| AR |");
    for (int i = 6; i < 12; i++) put(b, " %s |", share(v, e->coco.stat[i]));
    char w[16];
    put(b, "\n\nPascal VOC: mAP %s (area), %s (11 points of 2007)\n", share(v, e->voc.map),
        share(w, e->voc.map07));
    put(b,
        "at a least score of %.3f, which is best (F1 at IoU 0.5): precision %.3f, recall "
        "%.3f, F1 %.3f; %d found, %d missed, %d false\n\n",
        e->best.score, e->best.precision, e->best.recall, e->best.f1, e->best.hits,
        e->best.n_truth - e->best.hits, e->best.misses);
}

static void put_classes(const gd_eval_report *r, gd_buffer *b) {
    const gd_eval_boxes *e = r->boxes;
    char                 name[120], v[5][16];
    put(b, "| class | objects | AP | AP50 | AP75 | VOC | precision | recall | F1 | best score "
           "|\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (int k = 0; k < r->n_classes; k++) {
        const gd_eval_class *c = &e->coco.by_class[k];
        const gd_eval_level *l = &e->class_best[k];
        if (!c->n_truth) continue;
        put(b, "| %s | %d | %s | %s | %s | %s |", cell(name, sizeof name, r->classes[k]),
            c->n_truth, share(v[0], c->ap), share(v[1], c->ap50), share(v[2], c->ap75),
            share(v[3], e->voc.ap[k]));
        put(b, " %.3f | %.3f | %.3f | %s |\n", l->precision, l->recall, l->f1,
            share(v[4], l->hits ? l->score : -1));
    }
    put(b, "\n");
}

/* "a dog taken for cat (0.83)". */
static void put_miss(const gd_eval_report *r, const gd_eval_miss *m, gd_buffer *b) {
    const gd_eval_set   *set = &r->boxes->set;
    const gd_eval_truth *t = m->truth >= 0 ? &set->truth[m->truth] : NULL;
    const gd_eval_found *f = m->found >= 0 ? &set->found[m->found] : NULL;
    char                 truth[120] = "", found[120] = "";
    if (t) cell(truth, sizeof truth, r->classes[t->class_id]);
    if (f) cell(found, sizeof found, r->classes[f->class_id]);
    switch (m->why) {
    case GD_EVAL_UNSEEN: put(b, "%s not seen", truth); break;
    case GD_EVAL_UNSURE: put(b, "%s unsure (%.3f)", truth, f ? f->score : 0); break;
    case GD_EVAL_POOR_BOX: put(b, "%s badly placed (IoU %.2f)", truth, m->iou); break;
    case GD_EVAL_CALLED:
        put(b, "%s taken for %s (%.2f)", truth, found, f ? f->score : 0);
        break;
    case GD_EVAL_FALSE_ALARM: put(b, "false %s (%.2f)", found, f ? f->score : 0); break;
    }
}

static void put_worst(const gd_eval_report *r, gd_buffer *b) {
    const gd_eval_misses *w = &r->boxes->worst;
    char                  name[160];
    if (!w->n) return;
    put(b, "| worst pictures | objects | missed | false | what |\n|---|---|---|---|---|\n");
    for (int i = 0; i < w->n; i++) {
        const gd_eval_picture *p = &w->picture[i];
        put(b, "| %s | %d | %d | %d | ", cell(name, sizeof name, r->images[p->image]),
            p->n_truth, p->missed, p->alarms);
        for (int k = 0; k < p->n && k < MISSES_SHOWN; k++) {
            if (k) gd_put(b, ", ");
            put_miss(r, &w->miss[p->first + k], b);
        }
        gd_put(b, p->n > MISSES_SHOWN ? ", ... |\n" : " |\n");
    }
    put(b, "\n");
}

/* ---- labels and pixels ------------------------------------------------------------------- */

static void put_labels(const gd_eval_report *r, gd_buffer *b) {
    const gd_eval_labels *l = r->labels;
    char                  name[160], truth[120], v[3][16];
    const double          n = l->n ? l->n : 1;
    put(b, "| top-1 | top-5 | pictures |\n|---|---|---|\n| %.4f | %.4f | %d |\n\n",
        l->n_top1 / n, l->n_top5 / n, l->n);
    put(b,
        "| class | pictures | top-1 | top-5 | precision | F1 |\n|---|---|---|---|---|---|\n");
    for (int k = 0; k < l->n_classes; k++) {
        const gd_eval_tally t = gd_eval_tally_of(l->confusion, l->n_classes, k);
        if (!t.truth) continue;
        put(b, "| %s | %lld | %s | %.3f | %s | %s |\n", cell(name, sizeof name, r->classes[k]),
            (long long)t.truth, share(v[0], t.recall), (double)l->top5[k] / (double)t.truth,
            share(v[1], t.precision), share(v[2], t.f1));
    }
    put(b, "\n");
    if (!l->n_slip) return;
    put(b, "| surest mistakes | is | taken for | score |\n|---|---|---|---|\n");
    for (int i = 0; i < l->n_slip && i < SLIPS_SHOWN; i++) {
        const gd_eval_slip *s = &l->slip[i];
        char                found[120] = "another class";
        if (s->found >= 0) cell(found, sizeof found, r->classes[s->found]);
        put(b, "| %s | %s | %s | %.3f |\n", cell(name, sizeof name, r->images[s->image]),
            cell(truth, sizeof truth, r->classes[s->truth]), found, (double)s->score);
    }
    put(b, "\n");
}

static void put_pixels(const gd_eval_report *r, gd_buffer *b) {
    const gd_eval_pixels *p = r->pixels;
    char                  name[120], v[3][16];
    put(b, "| mIoU | pixel accuracy | pixels | left out |\n|---|---|---|---|\n");
    put(b, "| %s | %s | %lld | %lld |\n\n", share(v[0], p->miou), share(v[1], p->accuracy),
        (long long)p->n, (long long)p->n_void);
    put(b, "| class | pixels | IoU | precision | recall |\n|---|---|---|---|---|\n");
    for (int k = 0; k < p->n_classes; k++) {
        const gd_eval_tally t = gd_eval_tally_of(p->confusion, p->n_classes, k);
        if (t.iou < 0) continue;
        put(b, "| %s | %lld | %s | %s | %s |\n", cell(name, sizeof name, r->classes[k]),
            (long long)t.truth, share(v[0], t.iou), share(v[1], t.precision),
            share(v[2], t.recall));
    }
    put(b, "\n");
}

void gd_eval_markdown(const gd_eval_report *r, gd_buffer *out) {
    put_head(r, out);
    if (r->boxes) {
        put_coco(r->boxes, out);
        put_classes(r, out);
        put_worst(r, out);
    }
    if (r->labels) put_labels(r, out);
    if (r->pixels) put_pixels(r, out);
    put_times(r, out);
}
