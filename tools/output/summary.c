/* summary.c -- counts and latencies of a whole run in constant memory; see record.h. */
#include <math.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/output/record.h"

/* Bin i holds the latencies from FIRST * STEP^i milliseconds on: 1 us to 6 hours. */
static const double FIRST = 1e-3, STEP = 1.01;

gd_status gd_summary_init(gd_summary *s, const gd_run_info *info, gd_error *err) {
    memset(s, 0, sizeof *s);
    if (info->n_classes < 0)
        return gd_fail(err, GD_ERR_ARG, "%d classes cannot be counted", info->n_classes);
    s->class_count = gd_mem_array((size_t)info->n_classes, sizeof *s->class_count);
    if (!s->class_count)
        return gd_fail(err, GD_ERR_NOMEM, "no memory to count %d classes", info->n_classes);
    s->n_classes = info->n_classes;
    return GD_OK;
}

void gd_summary_free(gd_summary *s) {
    for (int i = 0; i < s->n_errors; i++) {
        gd_mem_put(s->errors[i].source);
        gd_mem_put(s->errors[i].message);
    }
    gd_mem_put(s->errors);
    gd_mem_put(s->class_count);
    memset(s, 0, sizeof *s);
}

static gd_status keep_error(gd_summary *s, const gd_record *r, gd_error *err) {
    s->failed++;
    if (s->n_errors == GD_ERRORS_KEPT) return GD_OK;
    if (s->n_errors == s->error_room) {
        int   room = s->error_room ? 2 * s->error_room : 16;
        void *p = gd_mem_array((size_t)room, sizeof *s->errors);
        if (!p) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d errors", room);
        if (s->n_errors) memcpy(p, s->errors, (size_t)s->n_errors * sizeof *s->errors);
        gd_mem_put(s->errors);
        s->errors = p;
        s->error_room = room;
    }
    gd_summary_error e = {.code = r->error->code};
    e.source = gd_mem_string(r->source ? r->source : "");
    e.message = gd_mem_string(r->error->msg);
    if (!e.source || !e.message) {
        gd_mem_put(e.source);
        gd_mem_put(e.message);
        return gd_fail(err, GD_ERR_NOMEM, "no memory to keep an error");
    }
    s->errors[s->n_errors++] = e;
    return GD_OK;
}

static void count_class(gd_summary *s, int class_id) {
    if (class_id >= 0 && class_id < s->n_classes) s->class_count[class_id]++;
}

static void count_latency(gd_summary *s, const gd_timing *t) {
    const double part[] = {t->decode, t->pre, t->infer, t->post, t->track};
    double       ms = 0;
    int          known = 0;
    for (int i = 0; i < 5; i++)
        if (part[i] >= 0) ms += part[i], known++;
    if (!known || !isfinite(ms)) return;
    double at = ms > FIRST ? floor(log(ms / FIRST) / log(STEP)) : 0;
    s->bin[at < GD_LATENCY_BINS ? (int)at : GD_LATENCY_BINS - 1]++;
    s->timed++;
    s->latency_sum += ms;
    s->latency_max = fmax(s->latency_max, ms);
}

gd_status gd_summary_add(gd_summary *s, const gd_record *r, gd_error *err) {
    if (r->error) return keep_error(s, r, err);
    s->frames++;
    s->detections += r->n_detections;
    s->hit_frames += r->n_detections > 0;
    s->dropped += r->n_dropped;
    for (int i = 0; i < r->n_detections; i++) count_class(s, r->detections[i].class_id);
    if (r->n_classes > 0) count_class(s, r->classes[0].class_id);
    count_latency(s, &r->ms);
    return GD_OK;
}

double gd_summary_latency(const gd_summary *s, double q) {
    double want = fmax(1, ceil(q * (double)s->timed)), seen = 0;
    int    i = 0;
    if (s->timed == 0) return -1;
    while (i < GD_LATENCY_BINS - 1 && (seen += s->bin[i]) < want) i++;
    return fmin(FIRST * pow(STEP, i + 0.5), s->latency_max);
}
