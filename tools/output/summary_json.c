/* summary_json.c -- the summary of a run as a JSON object, one for every format that has one.
 *
 * Keys whose value is not known are left out: tracks without a tracker, video and stages for
 * pictures, latencies that were not measured. */
#include "tools/output/writer_kind.h"

void gd_put_class(gd_buffer *b, const gd_run_info *info, int class_id) {
    char name[32];
    gd_put(b, "\"class_id\":");
    gd_put_int(b, class_id);
    gd_put_key_int(b, "category_id", gd_run_category_id(info, class_id));
    gd_put_key_string(b, "name", gd_run_class_name(info, class_id, name, sizeof name));
}

void gd_put_code(gd_buffer *b, int code) {
    gd_put(b, ",\"code\":");
    if (code <= 0) {
        gd_put(b, "null");
        return;
    }
    gd_put(b, "\"E");
    gd_put_int(b, code);
    gd_put(b, "\"");
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
        gd_put_class(b, info, i);
        gd_put_key_int(b, "count", s->class_count[i]);
        gd_put_key_fixed(b, "share", (double)s->class_count[i] / (double)total, 6);
        gd_put(b, "}");
        comma = ",";
    }
    gd_put(b, "]");
}

static void put_latency(gd_buffer *b, const gd_summary *s) {
    if (gd_summary_latency(s, 0.5) < 0) return;
    gd_put(b, ",\"latency_ms\":{\"mean\":");
    gd_put_fixed(b, s->latency_sum / (double)s->timed, 3);
    gd_put_key_fixed(b, "p50", gd_summary_latency(s, 0.5), 3);
    gd_put_key_fixed(b, "p90", gd_summary_latency(s, 0.9), 3);
    gd_put_key_fixed(b, "p99", gd_summary_latency(s, 0.99), 3);
    gd_put_key_fixed(b, "max", s->latency_max, 3);
    gd_put(b, "}");
}

static void put_time(gd_buffer *b, const gd_summary_time *t) {
    gd_put(b, "{\"mean\":");
    gd_put_fixed(b, t->sum / (double)t->n, 3);
    gd_put_key_fixed(b, "max", t->max, 3);
    gd_put(b, "}");
}

/* By the times in the records, and from capture to result. */
static void put_times(gd_buffer *b, const gd_summary *s) {
    const char *before = ",\"times_ms\":{";
    for (int i = 0; i < GD_TIMING_PARTS; i++) {
        if (s->part[i].n == 0) continue;
        gd_put(b, before);
        gd_put(b, "\"");
        gd_put(b, gd_timing_names[i]);
        gd_put(b, "\":");
        put_time(b, &s->part[i]);
        before = ",";
    }
    if (*before == ',' && !before[1]) gd_put(b, "}");
    if (s->age.n == 0) return;
    gd_put(b, ",\"age_ms\":");
    put_time(b, &s->age);
}

static void put_video(gd_buffer *b, const gd_summary_video *v) {
    static const char *const name[] = {"promised", "decoded", "corrupt",   "skipped",
                                       "dropped",  "written", "reconnects"};
    const int64_t            value[] = {v->promised, v->decoded, v->corrupt,   v->skipped,
                                        v->dropped,  v->written, v->reconnects};
    const char              *before = ",\"video\":{\"";
    for (int i = 0; i < 7; i++) {
        if (value[i] < 0) continue;
        gd_put(b, before);
        gd_put(b, name[i]);
        gd_put(b, "\":");
        gd_put_int(b, value[i]);
        before = ",\"";
    }
    if (!before[2]) gd_put(b, "}");
}

/* What each stage of the pipeline did, and the one that set the pace. */
static void put_stages(gd_buffer *b, const gd_chain_stats *c) {
    gd_put(b, ",\"stages\":[");
    for (int i = 0; i < c->n_stages; i++) {
        const gd_stage_stats *t = &c->stage[i];
        gd_put(b, i ? ",{\"name\":" : "{\"name\":");
        gd_put_json_string(b, t->name);
        gd_put_key_int(b, "workers", t->workers);
        gd_put_key_int(b, "items", (int64_t)t->items);
        gd_put_key_int(b, "calls", (int64_t)t->calls);
        gd_put_key_int(b, "dropped", (int64_t)t->dropped);
        gd_put_key_fixed(b, "busy_ms", t->busy_ms, 3);
        gd_put_key_fixed(b, "idle_ms", t->idle_ms, 3);
        gd_put_key_fixed(b, "blocked_ms", t->blocked_ms, 3);
        gd_put_key_fixed(b, "mean_ms", t->mean_ms, 3);
        gd_put_key_fixed(b, "max_ms", t->max_ms, 3);
        gd_put_key_fixed(b, "utilisation", t->utilisation, 4);
        gd_put_key_int(b, "queue", t->queue);
        gd_put_key_int(b, "queue_most", t->queue_most);
        gd_put_key_fixed(b, "queue_mean", t->queue_mean, 2);
        gd_put(b, "}");
    }
    gd_put(b, "]");
    if (c->bottleneck < 0 || c->bottleneck >= c->n_stages) return;
    gd_put_key_string(b, "bottleneck", c->stage[c->bottleneck].name);
    gd_put_key_string(b, "bottleneck_why", c->sentence);
}

static void put_errors(gd_buffer *b, const gd_summary *s) {
    gd_put_key_int(b, "failed", s->failed);
    gd_put(b, ",\"errors\":[");
    for (int i = 0; i < s->n_errors; i++) {
        gd_put(b, i ? ",{\"source\":" : "{\"source\":");
        gd_put_json_string(b, s->errors[i].source);
        gd_put_code(b, s->errors[i].code);
        gd_put_key_string(b, "message", s->errors[i].message);
        gd_put(b, "}");
    }
    gd_put(b, "]");
}

void gd_put_summary(gd_buffer *b, const gd_run_info *info, const gd_summary *s) {
    const double frames = s->frames > 0 ? (double)s->frames : 1;
    gd_put(b, "{\"v\":1,\"type\":\"summary\"");
    gd_put_key_int(b, "frames", s->frames);
    if (info->task == GD_TASK_DETECT) {
        gd_put_key_int(b, "detections", s->detections);
        gd_put_key_fixed(b, "detections_per_frame", (double)s->detections / frames, 6);
        gd_put_key_fixed(b, "detection_rate", (double)s->hit_frames / frames, 6);
        if (s->dropped > 0) gd_put_key_int(b, "dropped", s->dropped);
    }
    if (s->tracked) gd_put_key_int(b, "tracks", s->tracks);
    put_shares(b, info, s);
    if (s->wall_ms > 0) {
        gd_put_key_fixed(b, "wall_ms", s->wall_ms, 3);
        gd_put_key_fixed(b, "fps", 1000.0 * (double)s->frames / s->wall_ms, 3);
    }
    put_latency(b, s);
    put_times(b, s);
    put_video(b, &s->video);
    if (s->chain) put_stages(b, s->chain);
    gd_put_key_string(b, "interrupted", s->interrupted);
    put_errors(b, s);
    gd_put(b, "}");
}
