/* json.c -- JSON Lines (a header, an object a picture, a summary) and the same as one document.
 *
 * Version 1 of the schema. Keys whose value is not known are left out: pts and age_ms for
 * pictures, id and state without a tracker, times that were not measured. */
#include <string.h>

#include "tools/output/json_scan.h"
#include "tools/output/writer_kind.h"

/* The recipe is text from elsewhere: it goes in only if it is one JSON object. Line breaks can
 * only stand between tokens there, so blanks may take their place. */
static gd_status put_recipe(gd_buffer *b, const char *text, gd_error *err) {
    gd_json_scan scan;
    bool         good =
        gd_json_scan_open(&scan, NULL, NULL) && text[strspn(text, " \t\r\n")] == '{' &&
        gd_json_scan_feed(&scan, (const unsigned char *)text, strlen(text)) == yajl_status_ok &&
        gd_json_scan_feed(&scan, NULL, 0) == yajl_status_ok;
    bool starved = scan.starved;
    gd_json_scan_close(&scan);
    if (starved) return gd_fail(err, GD_ERR_NOMEM, "no memory to check the recipe");
    if (!good)
        return gd_fail_code(err, GD_ERR_ARG, 956, "the recipe of the model is no JSON object");
    gd_put(b, ",\"recipe\":");
    for (; *text; text++) gd_put_bytes(b, *text == '\n' || *text == '\r' ? " " : text, 1);
    return GD_OK;
}

/* Without the closing brace. */
static gd_status put_header(gd_buffer *b, const char *type, const gd_run_info *i,
                            gd_error *err) {
    gd_put(b, "{\"v\":1");
    gd_put_key_string(b, "type", type);
    gd_put_key_string(b, "gdrun", gd_version());
    gd_put_key_string(b, "model", i->model);
    gd_put_key_string(b, "sha256", i->sha256);
    gd_put_key_string(b, "precision", i->precision);
    gd_put_key_string(b, "device", i->device);
    gd_put_key_string(b, "classifier", i->sub_model);
    gd_put_key_string(b, "classifier_sha256", i->sub_sha256);
    return put_recipe(b, i->recipe_json ? i->recipe_json : "{}", err);
}

static void put_detection(gd_buffer *b, const gd_run_info *info, const gd_record *r, int i) {
    const gd_detection *d = &r->detections[i];
    char                name[32];
    const char         *sub = gd_run_sub_name(info, r, i, name, sizeof name);
    gd_put(b, i ? ",{" : "{");
    if (r->track_ids && r->track_ids[i] >= 0) {
        gd_put(b, "\"id\":");
        gd_put_int(b, r->track_ids[i]);
        gd_put(b, ",");
    }
    if (r->track_states && r->track_states[i]) {
        gd_put(b, "\"state\":");
        gd_put_json_string(b, r->track_states[i]);
        gd_put(b, ",");
    }
    gd_put_class(b, info, d->class_id);
    gd_put(b, ",\"conf\":");
    gd_put_float(b, d->score);
    gd_put(b, ",\"box\":[");
    for (int k = 0; k < 4; k++) {
        if (k) gd_put(b, ",");
        gd_put_float(b, d->box[k]);
    }
    gd_put(b, "]");
    if (sub) {
        gd_put(b, ",\"sub\":{\"name\":");
        gd_put_json_string(b, sub);
        gd_put(b, ",\"conf\":");
        gd_put_float(b, r->subs[i].score);
        gd_put(b, "}");
    }
    gd_put(b, "}");
}

static void put_segments(gd_buffer *b, const gd_run_info *info, const gd_record *r) {
    gd_segment segment[256];
    const int  n = gd_record_segments(r, segment);
    gd_put(b, ",\"segments\":[");
    for (int i = 0; i < n; i++) {
        gd_put(b, i ? ",{" : "{");
        gd_put_class(b, info, segment[i].class_id);
        gd_put_key_int(b, "pixels", segment[i].pixels);
        gd_put_key_fixed(b, "share", segment[i].share, 6);
        gd_put(b, "}");
    }
}

static void put_results(gd_buffer *b, const gd_run_info *info, const gd_record *r) {
    if (info->task == GD_TASK_SEGMENT) {
        put_segments(b, info, r);
    } else if (info->task == GD_TASK_CLASSIFY) {
        gd_put(b, ",\"classes\":[");
        for (int i = 0; i < r->n_classes; i++) {
            gd_put(b, i ? ",{" : "{");
            gd_put_class(b, info, r->classes[i].class_id);
            gd_put(b, ",\"conf\":");
            gd_put_float(b, r->classes[i].score);
            gd_put(b, "}");
        }
    } else {
        gd_put(b, ",\"detections\":[");
        for (int i = 0; i < r->n_detections; i++) put_detection(b, info, r, i);
    }
    gd_put(b, "]");
    if (r->n_dropped > 0) gd_put_key_int(b, "dropped", r->n_dropped);
}

static void put_times(gd_buffer *b, const gd_record *r) {
    double      part[GD_TIMING_PARTS];
    const char *comma = "";
    gd_timing_parts(&r->ms, part);
    gd_put(b, ",\"ms\":{");
    for (int i = 0; i < GD_TIMING_PARTS; i++) {
        if (!(part[i] >= 0)) continue;
        gd_put(b, comma);
        gd_put(b, "\"");
        gd_put(b, gd_timing_names[i]);
        gd_put(b, "\":");
        gd_put_fixed(b, part[i], 3);
        comma = ",";
    }
    gd_put(b, "}");
    if (r->age_ms >= 0) gd_put_key_fixed(b, "age_ms", r->age_ms, 1);
}

static void put_frame(gd_buffer *b, const gd_run_info *info, const gd_record *r) {
    gd_put(b, "{\"v\":1");
    if (r->error) gd_put_key_string(b, "type", "error");
    gd_put_key_string(b, "source", r->source);
    gd_put_key_int(b, "frame", r->frame);
    if (r->pts >= 0) gd_put_key_fixed(b, "pts", r->pts, 6);
    if (r->error) {
        gd_put_code(b, r->error->code);
        gd_put_key_string(b, "message", r->error->msg);
    } else {
        gd_put_key_int(b, "width", r->width);
        gd_put_key_int(b, "height", r->height);
        gd_put_key_int(b, "orientation", r->orientation);
        put_results(b, info, r);
        put_times(b, r);
    }
    gd_put(b, "}");
}

/* ---- JSON Lines -------------------------------------------------------------------------- */

static gd_status lines_begin(gd_writer *w, gd_error *err) {
    GD_TRY(put_header(&w->sink.text, "header", w->info, err));
    gd_put(&w->sink.text, "}\n");
    return GD_OK;
}

static gd_status lines_put(gd_writer *w, const gd_record *r, gd_error *err) {
    (void)err;
    put_frame(&w->sink.text, w->info, r);
    gd_put(&w->sink.text, "\n");
    return GD_OK;
}

static gd_status lines_event(gd_writer *w, const gd_event *e, gd_error *err) {
    gd_buffer  *b = &w->sink.text;
    const char *name[] = {"frames", "decoded", "promised", "corrupt", "dropped", "reconnects"};
    const int64_t value[] = {e->frames,  e->decoded, e->promised,
                             e->corrupt, e->dropped, e->reconnects};
    (void)err;
    gd_put(b, "{\"v\":1,\"type\":\"state\"");
    gd_put_key_string(b, "source", e->source);
    gd_put_key_string(b, "state", e->state);
    if (e->time >= 0) gd_put_key_fixed(b, "time", e->time, 3);
    for (int i = 0; i < 6; i++)
        if (value[i] >= 0) gd_put_key_int(b, name[i], value[i]);
    gd_put_key_string(b, "message", e->text);
    gd_put(b, "}\n");
    return GD_OK;
}

static gd_status lines_finish(gd_writer *w, const gd_summary *sum, gd_error *err) {
    (void)err;
    if (!sum) return GD_OK;
    gd_put_summary(&w->sink.text, w->info, sum);
    gd_put(&w->sink.text, "\n");
    return GD_OK;
}

const gd_writer_kind gd_writer_jsonl = {.name = "jsonl",
                                        .begin = lines_begin,
                                        .put = lines_put,
                                        .event = lines_event,
                                        .finish = lines_finish};

/* ---- one document: the header's keys, then "frames", then "summary" ---------------------- */

static gd_status document_begin(gd_writer *w, gd_error *err) {
    GD_TRY(put_header(&w->sink.text, "results", w->info, err));
    gd_put(&w->sink.text, ",\n\"frames\":[");
    return GD_OK;
}

static gd_status document_put(gd_writer *w, const gd_record *r, gd_error *err) {
    (void)err;
    gd_put(&w->sink.text, w->n_put ? ",\n" : "\n");
    put_frame(&w->sink.text, w->info, r);
    return GD_OK;
}

static gd_status document_finish(gd_writer *w, const gd_summary *sum, gd_error *err) {
    (void)err;
    gd_put(&w->sink.text, "\n]");
    if (sum) {
        gd_put(&w->sink.text, ",\n\"summary\":");
        gd_put_summary(&w->sink.text, w->info, sum);
    }
    gd_put(&w->sink.text, "}\n");
    return GD_OK;
}

const gd_writer_kind gd_writer_json = {
    .name = "json", .begin = document_begin, .put = document_put, .finish = document_finish};

/* ---- the summary alone ------------------------------------------------------------------- */

static gd_status stats_finish(gd_writer *w, const gd_summary *sum, gd_error *err) {
    if (!sum) return gd_fail(err, GD_ERR_ARG, "there are no statistics to write");
    GD_TRY(put_header(&w->sink.text, "statistics", w->info, err));
    gd_put(&w->sink.text, ",\n\"summary\":");
    gd_put_summary(&w->sink.text, w->info, sum);
    gd_put(&w->sink.text, "}\n");
    return GD_OK;
}

const gd_writer_kind gd_writer_stats = {.name = "stats", .finish = stats_finish};
