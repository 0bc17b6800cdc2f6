/* log.c -- see log.h. */
#include "tools/train/log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/cli/progress.h"
#include "tools/cli/report.h"
#include "tools/output/buffer.h"
#include "tools/train/append.h"

enum { LOG_BYTES = 1 << 30, EVERY = 50 };

static double wall_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- opening ----------------------------------------------------------------------------- */

/* The value behind "step": in a line of ours; -1: it has none. */
static int64_t step_of(const char *line, size_t n) {
    static const char key[] = "\"step\":";
    const size_t      m = sizeof key - 1;
    for (size_t i = 0; i + m < n; i++) {
        int64_t v = 0;
        size_t  k = i + m;
        if (memcmp(line + i, key, m)) continue;
        if (line[k] < '0' || line[k] > '9') return -1;
        for (; k < n && line[k] >= '0' && line[k] <= '9' && v < INT64_MAX / 16; k++)
            v = 10 * v + (line[k] - '0');
        return v;
    }
    return -1;
}

/* Bytes of the log up to the first line beyond `from_step`, or the first that is not whole. */
static size_t kept_bytes(const char *text, size_t size, int64_t from_step) {
    size_t at = 0;
    while (at < size) {
        const char *end = memchr(text + at, '\n', size - at);
        if (!end || step_of(text + at, (size_t)(end - text) - at) > from_step) break;
        at = (size_t)(end - text) + 1;
    }
    return at;
}

static gd_status cut(const char *path, int64_t from_step, gd_error *err) {
    struct stat    s;
    unsigned char *text;
    size_t         size;
    if (stat(path, &s) != 0) return GD_OK;
    GD_TRY(gd_file_slurp(path, LOG_BYTES, &text, &size, err));
    const size_t kept = kept_bytes((const char *)text, size, from_step);
    gd_mem_put(text);
    if (kept < size && truncate(path, (off_t)kept) != 0)
        return gd_fail_code(err, GD_ERR_IO, 900, "%.300s: cannot be cut", path);
    return GD_OK;
}

gd_status gd_train_log_open(gd_train_log *l, const gd_train_log_options *opt, gd_error *err) {
    gd_error  events_err = {0};
    gd_status st;
    *l = (gd_train_log){.fd = -1,
                        .events = {.fd = -1},
                        .first = opt->from_step,
                        .last = opt->steps,
                        .epochs = opt->epochs,
                        .every = opt->every > 0 ? opt->every : EVERY};
    snprintf(l->path, sizeof l->path, "%.4000s/log.jsonl", opt->folder);
    st = cut(l->path, opt->from_step, err);
    if (st == GD_OK) st = gd_append_open(l->path, &l->fd, err);
    if (st == GD_OK && !opt->no_events) {
        if (gd_events_open(&l->events, opt->folder, wall_clock(), &events_err) != GD_OK)
            gd_warn(988, "%s; the run goes on without it", events_err.msg);
    }
    if (st == GD_OK) gd_progress_begin("steps");
    return st;
}

void gd_train_log_close(gd_train_log *l) {
    if (l->fd >= 0) close(l->fd);
    l->fd = -1;
    gd_events_close(&l->events);
    gd_progress_clear();
}

/* ---- records ----------------------------------------------------------------------------- */

/* `,"key":value`; null for what is not finite. */
static void put_value(gd_buffer *b, const char *key, double v) {
    gd_put(b, ",");
    gd_put_json_string(b, key);
    gd_put(b, ":");
    if (isfinite(v) && fabs(v) <= 3e38)
        gd_put_float(b, (float)v);
    else
        gd_put(b, "null");
}

static void begin_record(gd_buffer *b, const char *type, int64_t step) {
    gd_put(b, "{\"type\":");
    gd_put_json_string(b, type);
    gd_put_key_fixed(b, "time", wall_clock(), 3);
    gd_put_key_int(b, "step", step);
}

static void end_record(gd_train_log *l, gd_buffer *b) {
    gd_error err = {0};
    gd_put(b, "}\n");
    if (l->fd >= 0) {
        const gd_status st = b->failed ? gd_fail(&err, GD_ERR_NOMEM, "no memory for the log")
                                       : gd_append(l->fd, l->path, b->data, b->size, &err);
        if (st == GD_ERR_IO) {
            gd_warn(988, "%s; the run goes on without its log", err.msg);
            close(l->fd);
            l->fd = -1;
        }
    }
    gd_buffer_free(b);
}

static void put_events(gd_train_log *l, int64_t step, const gd_figure *figure, int n) {
    gd_error err = {0};
    if (l->events.fd < 0 || !n) return;
    if (gd_events_put(&l->events, wall_clock(), step, figure, n, &err) == GD_ERR_IO) {
        gd_warn(988, "%s; the run goes on without it", err.msg);
        gd_events_close(&l->events);
    }
}

void gd_train_log_start(gd_train_log *l, const gd_log_word *word, int n) {
    gd_buffer b = {0};
    begin_record(&b, "start", l->first);
    gd_put_key_string(&b, "version", gd_version());
    for (int i = 0; i < n; i++) gd_put_key_string(&b, word[i].key, word[i].value);
    end_record(l, &b);
}

/* "loss 1.2345, loss.box 0.31, lr 0.005" as far as there is room. */
static void name_figures(const gd_figure *figure, int n, char *out, size_t room) {
    size_t at = 0;
    out[0] = '\0';
    for (int i = 0; i < n && at < room; i++) {
        const int m = snprintf(out + at, room - at, "%s%s %.4g", i ? ", " : "", figure[i].tag,
                               figure[i].value);
        if (m < 0 || (size_t)m >= room - at) {
            out[at] = '\0';
            return;
        }
        at += (size_t)m;
    }
}

/* A note on the progress line; where there is none, a line of text now and then. */
static void show_step(const gd_train_log *l, const gd_log_step *s, double rate) {
    char text[300], note[96];
    name_figures(s->figure, s->n < 2 ? s->n : 2, text, sizeof text);
    snprintf(note, sizeof note, "epoch %d/%d, %.60s", s->epoch, l->epochs, text);
    gd_progress_note(note);
    gd_progress((long)(s->step - l->first),
                l->last > l->first ? (long)(l->last - l->first) : 0);
    if (gd_report_has_line() || (s->step % l->every && s->step != l->last)) return;
    name_figures(s->figure, s->n, text, sizeof text);
    gd_say(GD_LEVEL_INFO, "epoch %d/%d, batch %lld/%lld: %s, %.1f img/s, %.0f %% waiting",
           s->epoch, l->epochs, (long long)s->batch, (long long)s->batches, text, rate,
           s->seconds > 0 ? 100 * s->stall / s->seconds : 0);
}

void gd_train_log_step(gd_train_log *l, const gd_log_step *s) {
    const double rate = s->seconds > 0 ? s->images / s->seconds : 0;
    gd_buffer    b = {0};
    begin_record(&b, "step", s->step);
    gd_put_key_int(&b, "epoch", s->epoch);
    gd_put_key_int(&b, "batch", s->batch);
    if (s->batches) gd_put_key_int(&b, "batches", s->batches);
    for (int i = 0; i < s->n; i++) put_value(&b, s->figure[i].tag, s->figure[i].value);
    gd_put_key_fixed(&b, "seconds", s->seconds, 6);
    gd_put_key_fixed(&b, "img_per_s", rate, 3);
    gd_put_key_fixed(&b, "stall", s->seconds > 0 ? s->stall / s->seconds : 0, 4);
    if (s->bytes) gd_put_key_fixed(&b, "mib", (double)s->bytes / 0x1p20, 1);
    end_record(l, &b);
    put_events(l, s->step, s->figure, s->n);
    const gd_figure speed[] = {{"img_per_s", rate},
                               {"stall", s->seconds > 0 ? s->stall / s->seconds : 0}};
    put_events(l, s->step, speed, 2);
    show_step(l, s, rate);
}

void gd_train_log_epoch(gd_train_log *l, int64_t step, int epoch, const gd_figure *figure,
                        int n) {
    char      text[400];
    gd_buffer b = {0};
    begin_record(&b, "epoch", step);
    gd_put_key_int(&b, "epoch", epoch);
    for (int i = 0; i < n; i++) put_value(&b, figure[i].tag, figure[i].value);
    end_record(l, &b);
    put_events(l, step, figure, n);
    name_figures(figure, n, text, sizeof text);
    gd_say(GD_LEVEL_INFO, "epoch %d/%d done%s%s", epoch, l->epochs, n ? ": " : "", text);
}

void gd_train_log_event(gd_train_log *l, int64_t step, const char *what, const char *text) {
    gd_buffer b = {0};
    begin_record(&b, "event", step);
    gd_put_key_string(&b, "what", what);
    gd_put_key_string(&b, "text", text);
    end_record(l, &b);
}
