/* json.c -- JSON Lines (a header, an object a picture, a summary) and the same as one document.
 *
 * Version 1 of the schema. Keys whose value is not known are left out: pts and age_ms for
 * pictures, id and state without a tracker, times that were not measured. */
#include <string.h>

#include "tools/output/json_scan.h"
#include "tools/output/writer_kind.h"

static void key_string(gd_buffer *b, const char *key, const char *value) {
    if (!value) return;
    gd_put(b, ",\"");
    gd_put(b, key);
    gd_put(b, "\":");
    gd_put_json_string(b, value);
}

static void key_int(gd_buffer *b, const char *key, int64_t value) {
    gd_put(b, ",\"");
    gd_put(b, key);
    gd_put(b, "\":");
    gd_put_int(b, value);
}

static void key_fixed(gd_buffer *b, const char *key, double value, int digits) {
    gd_put(b, ",\"");
    gd_put(b, key);
    gd_put(b, "\":");
    gd_put_fixed(b, value, digits);
}

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
    key_string(b, "type", type);
    key_string(b, "gdrun", gd_version());
    key_string(b, "model", i->model);
    key_string(b, "sha256", i->sha256);
    key_string(b, "precision", i->precision);
    key_string(b, "device", i->device);
    return put_recipe(b, i->recipe_json ? i->recipe_json : "{}", err);
}

static void put_class(gd_buffer *b, const gd_run_info *info, int class_id) {
    char name[32];
    gd_put(b, "\"class_id\":");
    gd_put_int(b, class_id);
    key_int(b, "category_id", gd_run_category_id(info, class_id));
    key_string(b, "name", gd_run_class_name(info, class_id, name, sizeof name));
}

static void put_detection(gd_buffer *b, const gd_run_info *info, const gd_record *r, int i) {
    const gd_detection *d = &r->detections[i];
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
    put_class(b, info, d->class_id);
    gd_put(b, ",\"conf\":");
    gd_put_float(b, d->score);
    gd_put(b, ",\"box\":[");
    for (int k = 0; k < 4; k++) {
        if (k) gd_put(b, ",");
        gd_put_float(b, d->box[k]);
    }
    gd_put(b, "]}");
}

static void put_results(gd_buffer *b, const gd_run_info *info, const gd_record *r) {
    if (info->task == GD_TASK_CLASSIFY) {
        gd_put(b, ",\"classes\":[");
        for (int i = 0; i < r->n_classes; i++) {
            gd_put(b, i ? ",{" : "{");
            put_class(b, info, r->classes[i].class_id);
            gd_put(b, ",\"conf\":");
            gd_put_float(b, r->classes[i].score);
            gd_put(b, "}");
        }
    } else {
        gd_put(b, ",\"detections\":[");
        for (int i = 0; i < r->n_detections; i++) put_detection(b, info, r, i);
    }
    gd_put(b, "]");
    if (r->n_dropped > 0) key_int(b, "dropped", r->n_dropped);
}

static void put_times(gd_buffer *b, const gd_record *r) {
    static const char *const name[] = {"decode", "pre", "infer", "post", "track"};
    const double part[] = {r->ms.decode, r->ms.pre, r->ms.infer, r->ms.post, r->ms.track};
    const char  *comma = "";
    gd_put(b, ",\"ms\":{");
    for (int i = 0; i < 5; i++) {
        if (!(part[i] >= 0)) continue;
        gd_put(b, comma);
        gd_put(b, "\"");
        gd_put(b, name[i]);
        gd_put(b, "\":");
        gd_put_fixed(b, part[i], 3);
        comma = ",";
    }
    gd_put(b, "}");
    if (r->age_ms >= 0) key_fixed(b, "age_ms", r->age_ms, 1);
}

/* "E301", or null where no code was given. */
static void put_code(gd_buffer *b, int code) {
    gd_put(b, ",\"code\":");
    if (code <= 0) {
        gd_put(b, "null");
        return;
    }
    gd_put(b, "\"E");
    gd_put_int(b, code);
    gd_put(b, "\"");
}

static void put_frame(gd_buffer *b, const gd_run_info *info, const gd_record *r) {
    gd_put(b, "{\"v\":1");
    if (r->error) key_string(b, "type", "error");
    key_string(b, "source", r->source);
    key_int(b, "frame", r->frame);
    if (r->pts >= 0) key_fixed(b, "pts", r->pts, 6);
    if (r->error) {
        put_code(b, r->error->code);
        key_string(b, "message", r->error->msg);
    } else {
        key_int(b, "width", r->width);
        key_int(b, "height", r->height);
        key_int(b, "orientation", r->orientation);
        put_results(b, info, r);
        put_times(b, r);
    }
    gd_put(b, "}");
}

static void put_shares(gd_buffer *b, const gd_run_info *info, const gd_summary *s) {
    int64_t     total = 0;
    const char *comma = "";
    for (int i = 0; i < s->n_classes; i++) total += s->class_count[i];
    gd_put(b, ",\"classes\":[");
    for (int i = 0; i < s->n_classes; i++) {
        if (s->class_count[i] == 0) continue;
        gd_put(b, comma);
        gd_put(b, "{");
        put_class(b, info, i);
        key_int(b, "count", s->class_count[i]);
        key_fixed(b, "share", (double)s->class_count[i] / (double)total, 6);
        gd_put(b, "}");
        comma = ",";
    }
    gd_put(b, "]");
}

static void put_summary(gd_buffer *b, const gd_run_info *info, const gd_summary *s) {
    double frames = s->frames > 0 ? (double)s->frames : 1;
    gd_put(b, "{\"v\":1,\"type\":\"summary\"");
    key_int(b, "frames", s->frames);
    if (info->task == GD_TASK_DETECT) {
        key_int(b, "detections", s->detections);
        key_fixed(b, "detections_per_frame", (double)s->detections / frames, 6);
        key_fixed(b, "detection_rate", (double)s->hit_frames / frames, 6);
        if (s->dropped > 0) key_int(b, "dropped", s->dropped);
    }
    put_shares(b, info, s);
    if (s->wall_ms > 0) {
        key_fixed(b, "wall_ms", s->wall_ms, 3);
        key_fixed(b, "fps", 1000.0 * (double)s->frames / s->wall_ms, 3);
    }
    if (gd_summary_latency(s, 0.5) >= 0) {
        gd_put(b, ",\"latency_ms\":{\"mean\":");
        gd_put_fixed(b, s->latency_sum / (double)s->timed, 3);
        key_fixed(b, "p50", gd_summary_latency(s, 0.5), 3);
        key_fixed(b, "p90", gd_summary_latency(s, 0.9), 3);
        key_fixed(b, "p99", gd_summary_latency(s, 0.99), 3);
        key_fixed(b, "max", s->latency_max, 3);
        gd_put(b, "}");
    }
    key_string(b, "interrupted", s->interrupted);
    key_int(b, "failed", s->failed);
    gd_put(b, ",\"errors\":[");
    for (int i = 0; i < s->n_errors; i++) {
        gd_put(b, i ? ",{\"source\":" : "{\"source\":");
        gd_put_json_string(b, s->errors[i].source);
        put_code(b, s->errors[i].code);
        key_string(b, "message", s->errors[i].message);
        gd_put(b, "}");
    }
    gd_put(b, "]}");
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

static gd_status lines_finish(gd_writer *w, const gd_summary *sum, gd_error *err) {
    (void)err;
    if (!sum) return GD_OK;
    put_summary(&w->sink.text, w->info, sum);
    gd_put(&w->sink.text, "\n");
    return GD_OK;
}

const gd_writer_kind gd_writer_jsonl = {
    .name = "jsonl", .begin = lines_begin, .put = lines_put, .finish = lines_finish};

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
        put_summary(&w->sink.text, w->info, sum);
    }
    gd_put(&w->sink.text, "}\n");
    return GD_OK;
}

const gd_writer_kind gd_writer_json = {
    .name = "json", .begin = document_begin, .put = document_put, .finish = document_finish};
