/* writer.c -- the table of result formats and what they have in common; see writer.h. */
#include <math.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/output/writer_kind.h"

static const gd_writer_kind *const kinds[] = {
    &gd_writer_json,  &gd_writer_jsonl, &gd_writer_csv,   &gd_writer_coco,
    &gd_writer_list,  &gd_writer_yolo,  &gd_writer_voc,   &gd_writer_crops,
    &gd_writer_stats, &gd_writer_mot,   &gd_writer_masks,
};

static const gd_writer_kind *find_kind(const char *name) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i]->name, name) == 0) return kinds[i];
    return NULL;
}

gd_status gd_writer_open(const char *kind, const char *target, const gd_run_info *info,
                         const gd_writer_options *opt, gd_writer **out, gd_error *err) {
    const gd_writer_kind *k = find_kind(kind);
    gd_status             st;
    *out = NULL;
    if (!k) return gd_fail(err, GD_ERR_ARG, "there is no result format named %s", kind);
    if (k->boxes_only && info->task != GD_TASK_DETECT)
        return gd_fail_code(err, GD_ERR_ARG, 957,
                            "%s holds boxes, which this model does not give", kind);
    gd_writer *w = gd_mem_get_zero(sizeof *w);
    if (!w) return gd_fail(err, GD_ERR_NOMEM, "no memory for a %s writer", kind);
    w->kind = k;
    w->info = info;
    if (opt) w->opt = *opt;
    w->sink = (gd_sink)GD_SINK_NONE;
    w->state = gd_mem_get_zero(k->state_size);
    if (!w->state) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory for a %s writer", kind);
        goto done;
    }
    if (k->folder)
        GD_GO(gd_namer_open(target, &w->namer, err));
    else
        GD_GO(gd_sink_open(&w->sink, target, w->opt.replace, err));
    if (k->begin) GD_GO(k->begin(w, err));
    /* A reader of a pipe sees the header before the first picture is done. */
    if (!k->folder) GD_GO(gd_sink_flush(&w->sink, err));
    *out = w;
    w = NULL;
    st = GD_OK;
done:
    gd_writer_close(w);
    return st;
}

/* A result that no file can hold is the fault of what made it, and never written silently. */
static gd_status check_record(const gd_record *r, gd_error *err) {
    for (int i = 0; i < r->n_detections; i++) {
        const gd_detection *d = &r->detections[i];
        if (isfinite(d->score) && isfinite(d->box[0]) && isfinite(d->box[1]) &&
            isfinite(d->box[2]) && isfinite(d->box[3]))
            continue;
        return gd_fail_code(err, GD_ERR_CHECK, 955,
                            "%s: detection %d is not finite: box [%g, %g, %g, %g], score %g",
                            r->source, i, (double)d->box[0], (double)d->box[1],
                            (double)d->box[2], (double)d->box[3], (double)d->score);
    }
    for (int i = 0; i < r->n_classes; i++)
        if (!isfinite(r->classes[i].score))
            return gd_fail_code(err, GD_ERR_CHECK, 955, "%s: score %d is not finite: %g",
                                r->source, i, (double)r->classes[i].score);
    return GD_OK;
}

gd_status gd_writer_put(gd_writer *w, const gd_record *r, gd_error *err) {
    if (!r->source) return gd_fail(err, GD_ERR_ARG, "a record needs the name of its source");
    GD_TRY(check_record(r, err));
    if (w->kind->put) GD_TRY(w->kind->put(w, r, err));
    if (!w->kind->folder) GD_TRY(gd_sink_flush(&w->sink, err));
    w->n_put++;
    return GD_OK;
}

gd_status gd_writer_event(gd_writer *w, const gd_event *e, gd_error *err) {
    if (!w->kind->event) return GD_OK;
    GD_TRY(w->kind->event(w, e, err));
    return w->kind->folder ? GD_OK : gd_sink_flush(&w->sink, err);
}

gd_status gd_writer_finish(gd_writer *w, const gd_summary *sum, gd_error *err) {
    if (w->kind->finish) GD_TRY(w->kind->finish(w, sum, err));
    return w->kind->folder ? GD_OK : gd_sink_commit(&w->sink, err);
}

void gd_writer_close(gd_writer *w) {
    if (!w) return;
    if (w->kind->close && w->state) w->kind->close(w);
    gd_sink_abort(&w->sink);
    gd_namer_close(w->namer);
    gd_mem_put(w->state);
    gd_mem_put(w);
}

/* ---- for the kinds ----------------------------------------------------------------------- */

gd_status gd_writer_open_file(const gd_writer *w, const gd_record *r, const char *ext,
                              gd_sink *s, gd_error *err) {
    char path[4096];
    *s = (gd_sink)GD_SINK_NONE;
    GD_TRY(gd_namer_next(w->namer, r->source, r->pts >= 0 ? r->frame : -1, ext, path,
                         sizeof path, err));
    return gd_sink_open(s, path, w->opt.replace, err);
}

bool gd_record_clip(const gd_record *r, int i, double box[4]) {
    const float *b = r->detections[i].box;
    const double limit[2] = {r->width, r->height};
    for (int k = 0; k < 4; k++) box[k] = fmin(fmax((double)b[k], 0), limit[k & 1]);
    return box[2] > box[0] && box[3] > box[1];
}
