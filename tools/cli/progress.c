/* progress.c -- see progress.h. */
#include "tools/cli/progress.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "tools/cli/report.h"

/* ---- pace -------------------------------------------------------------------------------- */

static void begin(gd_pace *p, double now, long done) {
    *p = (gd_pace){.started = now, .now = now, .first = done, .done = done, .n = 1, .head = 1};
    p->at[0] = now;
    p->count[0] = done;
}

void gd_pace_take(gd_pace *p, double now, long done) {
    const int newest = (p->head + GD_PACE_SAMPLES - 1) % GD_PACE_SAMPLES;
    if (p->n == 0 || done < p->done || now < p->now) {
        begin(p, now, done);
        return;
    }
    p->now = now;
    p->done = done;
    if (now - p->at[newest] < 1) return;
    p->at[p->head] = now;
    p->count[p->head] = done;
    p->head = (p->head + 1) % GD_PACE_SAMPLES;
    if (p->n < GD_PACE_SAMPLES) p->n++;
}

double gd_pace_rate(const gd_pace *p) {
    const int oldest = (p->head + GD_PACE_SAMPLES - p->n) % GD_PACE_SAMPLES;
    if (p->n == 0) return 0;
    double spent = p->now - p->at[oldest];
    long   done = p->done - p->count[oldest];
    if (done == 0) { /* slower than the ring is long */
        spent = p->now - p->started;
        done = p->done - p->first;
    }
    return spent > 0 && done > 0 ? (double)done / spent : 0;
}

double gd_pace_left(const gd_pace *p, long total) {
    const double rate = gd_pace_rate(p);
    if (total <= 0 || rate <= 0) return -1;
    return total > p->done ? (double)(total - p->done) / rate : 0;
}

/* ---- the line ---------------------------------------------------------------------------- */

/* 0:07, 12:34, 1:02:03; at most 999 hours. */
static void put_time(char *out, size_t room, double seconds) {
    const long s = lrint(fmin(fmax(seconds, 0), 999 * 3600.0));
    if (s >= 3600)
        snprintf(out, room, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, room, "%ld:%02ld", s / 60, s % 60);
}

/* Appends a part behind two blanks if the line stays within `columns`. */
static void put_part(char *line, size_t room, int columns, const char *part) {
    const size_t at = strlen(line), n = strlen(part), gap = at ? 2 : 0;
    if (!n || at + gap + n > (size_t)columns || at + gap + n >= room) return;
    snprintf(line + at, room - at, "%s%s", gap ? "  " : "", part);
}

/* The bar with a blank behind it, `width` columns of it between the brackets. */
static size_t put_bar(char *out, size_t room, long done, long total, int width, bool color) {
    const int filled = done >= total ? width : (int)((double)done / (double)total * width);
    char      full[64], empty[64];
    if (width >= (int)sizeof full) return 0;
    memset(full, '#', sizeof full);
    memset(empty, '.', sizeof empty);
    const int n = snprintf(out, room, "[%s%.*s%s%.*s] ", color ? "\x1b[32m" : "", filled, full,
                           color ? "\x1b[0m" : "", width - filled, empty);
    return n > 0 && (size_t)n < room ? (size_t)n : 0;
}

size_t gd_progress_line(char *out, size_t room, const gd_pace *p, long total, const char *unit,
                        int columns, bool color) {
    char         text[160] = "", part[80], time[32];
    const double rate = gd_pace_rate(p), left = gd_pace_left(p, total);
    const bool   known = total > 0;
    size_t       at = 0;
    out[0] = '\0';
    if (known)
        snprintf(part, sizeof part, "%ld/%ld%s%.30s", p->done, total, unit ? " " : "",
                 unit ? unit : "");
    else
        snprintf(part, sizeof part, "%ld%s%.30s", p->done, unit ? " " : "", unit ? unit : "");
    put_part(text, sizeof text, columns, part);
    if (left >= 0) {
        put_time(time, sizeof time, left);
        snprintf(part, sizeof part, "%s left", time);
        put_part(text, sizeof text, columns, part);
    } else if (!known) {
        put_time(time, sizeof time, p->now - p->started);
        put_part(text, sizeof text, columns, time);
    }
    if (rate > 0) {
        snprintf(part, sizeof part, rate < 0.1 ? "%.1f s each" : "%.1f/s",
                 rate < 0.1 ? 1 / rate : rate);
        put_part(text, sizeof text, columns, part);
    }
    if (known) {
        const int width = columns - 3 - (int)strlen(text);
        if (width >= 8) at = put_bar(out, room, p->done, total, width < 30 ? width : 30, color);
    }
    const int n = snprintf(out + at, room - at, "%s", text);
    return n < 0 ? at : at + (size_t)n < room ? at + (size_t)n : room - 1;
}

/* ---- clock and terminal ------------------------------------------------------------------ */

static struct {
    pthread_mutex_t lock;
    gd_pace         pace;
    const char     *unit;
    double          drawn;
    char            note[96];
} self = {.lock = PTHREAD_MUTEX_INITIALIZER};

static double clock_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The last column stays free: writing there moves some terminals to the next line. */
static int terminal_columns(void) {
    struct winsize size;
    if (ioctl(2, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 79;
    return size.ws_col - 1;
}

void gd_progress_begin(const char *unit) {
    (void)pthread_mutex_lock(&self.lock);
    self.unit = unit;
    self.drawn = 0;
    self.note[0] = '\0';
    begin(&self.pace, clock_now(), 0);
    (void)pthread_mutex_unlock(&self.lock);
}

void gd_progress_note(const char *text) {
    (void)pthread_mutex_lock(&self.lock);
    snprintf(self.note, sizeof self.note, "%s", text ? text : "");
    (void)pthread_mutex_unlock(&self.lock);
}

/* The line and the note behind it, where the terminal is wide enough for both. */
static size_t whole_line(char *out, size_t room, long total) {
    const int    columns = terminal_columns();
    const int    note = (int)strlen(self.note), left = columns - 2 - note;
    const bool   fits = note > 0 && left >= 24;
    const size_t n = gd_progress_line(out, room, &self.pace, total, self.unit,
                                      fits ? left : columns, gd_report_color());
    if (!fits || n + (size_t)note + 3 > room) return n;
    snprintf(out + n, room - n, "  %s", self.note);
    return n + 2 + (size_t)note;
}

void gd_progress(long done, long total) {
    char         line[400];
    const double now = clock_now();
    if (!gd_report_has_line()) return;
    (void)pthread_mutex_lock(&self.lock);
    gd_pace_take(&self.pace, now, done);
    if (now - self.drawn >= 0.1) {
        self.drawn = now;
        gd_report_line(line, whole_line(line, sizeof line, total));
    }
    (void)pthread_mutex_unlock(&self.lock);
}

void gd_progress_clear(void) { gd_report_line(NULL, 0); }
