/* statistics.c -- see statistics.h. */
#include "tools/cli/statistics.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CLASSES_SHOWN = 5 };

typedef struct line {
    char   text[900];
    size_t at;
} line;

static void add(line *l, const char *fmt, ...) GD_PRINTF(2, 3);
static void add(line *l, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    const int n = vsnprintf(l->text + l->at, sizeof l->text - l->at, fmt, ap);
    va_end(ap);
    if (n > 0) l->at += (size_t)n;
    if (l->at >= sizeof l->text) l->at = sizeof l->text - 1;
}

/* The line leaves, and another begins. */
static void say(line *l, gd_level level) {
    if (l->at) gd_say(level, "%s", l->text);
    l->at = 0;
}

static void add_frames(line *l, const gd_summary *s) {
    add(l, "%lld %s", (long long)s->frames, s->frames == 1 ? "frame" : "frames");
    if (s->wall_ms > 0)
        add(l, " in %.1f s, %.1f a second", s->wall_ms / 1000,
            1000 * (double)s->frames / s->wall_ms);
    if (s->tracked) add(l, "; %lld tracks", (long long)s->tracks);
    if (s->interrupted) add(l, "; interrupted by %s", s->interrupted);
}

/* The most frequent classes, ties by class id. */
static void add_classes(line *l, const gd_summary *s, const gd_run_info *info) {
    int64_t total = 0, last = INT64_MAX;
    int     last_id = -1;
    for (int i = 0; i < s->n_classes; i++) total += s->class_count[i];
    for (int k = 0; k < CLASSES_SHOWN && total > 0; k++) {
        char name[32];
        int  best = -1;
        for (int i = 0; i < s->n_classes; i++) {
            const int64_t n = s->class_count[i];
            if (n == 0 || n > last || (n == last && i <= last_id)) continue;
            if (best < 0 || n > s->class_count[best]) best = i;
        }
        if (best < 0) return;
        last = s->class_count[best];
        last_id = best;
        add(l, "%s%s %.1f %%", k ? ", " : ": ",
            gd_run_class_name(info, best, name, sizeof name),
            100 * (double)last / (double)total);
    }
}

static void add_detections(line *l, const gd_summary *s, const gd_run_info *info) {
    const double frames = s->frames > 0 ? (double)s->frames : 1;
    if (info->task != GD_TASK_DETECT) {
        if (s->frames > 0) add(l, "classes");
    } else {
        add(l, "%lld %s, %.2f a frame, in %.1f %% of the frames", (long long)s->detections,
            s->detections == 1 ? "detection" : "detections", (double)s->detections / frames,
            100 * (double)s->hit_frames / frames);
    }
    if (l->at) add_classes(l, s, info);
}

static void add_latency(line *l, const gd_summary *s) {
    if (s->timed == 0) return;
    add(l, "latency: mean %.1f ms, p50 %.1f, p90 %.1f, p99 %.1f, max %.1f",
        s->latency_sum / (double)s->timed, gd_summary_latency(s, 0.5),
        gd_summary_latency(s, 0.9), gd_summary_latency(s, 0.99), s->latency_max);
    if (s->age.n > 0)
        add(l, "; age of live frames: mean %.1f, max %.1f", s->age.sum / (double)s->age.n,
            s->age.max);
}

static void add_stages(line *l, const gd_summary *s) {
    const char *before = "stages: ", *unit = " ms";
    if (s->chain) {
        for (int i = 0; i < s->chain->n_stages; i++) {
            const gd_stage_stats *t = &s->chain->stage[i];
            const double          items = t->items > 0 ? (double)t->items : 1;
            add(l, "%s%s %.2f%s (%.0f %% busy)", before, t->name, t->busy_ms / items, unit,
                100 * t->utilisation);
            before = ", ";
            unit = "";
        }
        return;
    }
    for (int i = 0; i < GD_TIMING_PARTS; i++) {
        if (s->part[i].n == 0) continue;
        add(l, "%s%s %.2f%s", before, gd_timing_names[i], s->part[i].sum / (double)s->part[i].n,
            unit);
        before = ", ";
        unit = "";
    }
}

static void add_lost(line *l, const gd_summary *s) {
    const gd_summary_video *v = &s->video;
    const char             *before = "lost: ";
    const struct {
        int64_t     n;
        const char *what;
    } row[] = {{v->promised > v->decoded && v->decoded >= 0 ? v->promised - v->decoded : 0,
                "promised by the container, but not there"},
               {v->corrupt, "damaged"},
               {v->dropped, "overtaken by newer ones"},
               {s->failed, "failed"},
               {s->dropped, "detections beyond the capacity"}};
    for (int i = 0; i < 5; i++) {
        if (row[i].n <= 0) continue;
        add(l, "%s%lld %s%s", before, (long long)row[i].n, i < 3 ? "frames " : "", row[i].what);
        before = ", ";
    }
    if (v->reconnects > 0)
        add(l, "%s%lld reconnects", l->at ? "; " : "", (long long)v->reconnects);
}

void gd_summary_say(const gd_summary *s, const gd_run_info *info, gd_level level) {
    line l = {.at = 0};
    add_frames(&l, s);
    say(&l, level);
    add_detections(&l, s, info);
    say(&l, level);
    add_latency(&l, s);
    say(&l, level);
    add_stages(&l, s);
    say(&l, level);
    if (s->chain && s->chain->sentence[0]) gd_say(level, "%s", s->chain->sentence);
    add_lost(&l, s);
    say(&l, level);
}
