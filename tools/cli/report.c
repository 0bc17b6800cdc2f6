/* report.c -- see report.h. */
#include "tools/cli/report.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli/text.h"

static const gd_code codes[] = {
#define GD_CODE(number, title, text) {number, title, text},
#include "engine/codes.def"
#undef GD_CODE
};
enum { CODES = sizeof codes / sizeof *codes };

const gd_code *gd_code_find(int number) {
    for (int i = 0; i < CODES; i++)
        if (codes[i].number == number) return &codes[i];
    return NULL;
}

const gd_code *gd_code_at(int index) {
    return index >= 0 && index < CODES ? &codes[index] : NULL;
}

/* What the whole process shares: it has one stderr. */
static struct {
    const char *program;
    gd_level    level;
    bool        json, color, terminal, line_shown;
    long        repeats[1000];
} self = {.program = "gdrun", .level = GD_LEVEL_INFO};

/* Of the counts of warnings and of stderr. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- writing ----------------------------------------------------------------------------- */

typedef struct message {
    size_t at;
    char   text[4096];
} message;

static void add(message *m, const char *fmt, ...) GD_PRINTF(2, 3);
static void add(message *m, const char *fmt, ...) {
    va_list ap;
    int     n;
    va_start(ap, fmt);
    n = vsnprintf(m->text + m->at, sizeof m->text - m->at, fmt, ap);
    va_end(ap);
    if (n > 0) m->at += (size_t)n;
    if (m->at >= sizeof m->text) m->at = sizeof m->text - 1;
}

/* There is nowhere to report that stderr itself fails. */
static void put(const message *m) {
    const char *p = m->text;
    size_t      n = m->at;
    while (n > 0) {
        ssize_t done = write(2, p, n);
        if (done <= 0) return;
        p += done;
        n -= (size_t)done;
    }
}

/* What takes the line away stands before what is written next, in the same write. The caller
 * holds the lock. */
static void add_clear(message *m) {
    if (self.line_shown) add(m, "\r\x1b[K");
    self.line_shown = false;
}

bool gd_report_has_line(void) {
    return self.terminal && !self.json && self.level >= GD_LEVEL_INFO;
}

bool gd_report_color(void) { return self.color; }

void gd_report_line(const char *text, size_t n) {
    message m = {0};
    (void)pthread_mutex_lock(&lock);
    if (!text) {
        add_clear(&m);
    } else if (gd_report_has_line()) {
        /* Over the old line, then what is left of it: nothing is blank in between. */
        add(&m, "\r%.*s\x1b[K", (int)(n < sizeof m.text - 8 ? n : sizeof m.text - 8), text);
        self.line_shown = true;
    }
    put(&m);
    (void)pthread_mutex_unlock(&lock);
}

static void add_json(message *m, const char *key, const char *text) {
    add(m, "%s\"%s\":\"", m->text[m->at - 1] == '{' ? "" : ",", key);
    for (; *text; text++) add(m, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    add(m, "\"");
}

static const char *const level_names[] = {"error", "warning", "info", "verbose", "debug"};
static const char *const level_colors[] = {"\x1b[1;31m", "\x1b[1;33m", "", "\x1b[2m",
                                           "\x1b[2m"};

/* One message; code 0: none. The details may be NULL. */
static void emit(gd_level level, int code, const char *text, const char *file, const char *why,
                 const char *hint) {
    char    what[1024], label[32] = "", detail[3][1024];
    message m = {0};
    if (level > self.level) return;
    gd_escape(what, sizeof what, text);
    gd_escape(detail[0], sizeof detail[0], file ? file : "");
    gd_escape(detail[1], sizeof detail[1], why ? why : "");
    gd_escape(detail[2], sizeof detail[2], hint ? hint : "");
    if (level <= GD_LEVEL_WARNING)
        snprintf(label, sizeof label, "%c%03d", level == GD_LEVEL_ERROR ? 'E' : 'W', code);
    (void)pthread_mutex_lock(&lock);
    add_clear(&m);
    if (self.json) {
        static const char *const keys[] = {"file", "why", "try"};
        add(&m, "{");
        add_json(&m, "level", level_names[level]);
        if (*label) add_json(&m, "code", label);
        add_json(&m, "message", what);
        for (int i = 0; i < 3; i++)
            if (*detail[i]) add_json(&m, keys[i], detail[i]);
        add(&m, "}\n");
    } else {
        const char              *on = self.color ? level_colors[level] : "";
        static const char *const heads[] = {"file: ", "why:  ", "try:  "};
        add(&m, "%s: %s", self.program, on);
        if (*label) add(&m, "%s[%s]:%s ", level_names[level], label, *on ? "\x1b[0m" : "");
        add(&m, "%s%s\n", what, *on && !*label ? "\x1b[0m" : "");
        for (int i = 0; i < 3; i++)
            if (*detail[i]) add(&m, "  %s%s\n", heads[i], detail[i]);
    }
    put(&m);
    (void)pthread_mutex_unlock(&lock);
}

/* ---- settings ---------------------------------------------------------------------------- */

void gd_report_open(const char *program) {
    const char *term = getenv("TERM"), *none = getenv("NO_COLOR");
    self.program = program;
    self.level = GD_LEVEL_INFO;
    self.json = false;
    self.terminal = isatty(2) && term && strcmp(term, "dumb");
    self.color = self.terminal && !(none && *none);
    self.line_shown = false;
    memset(self.repeats, 0, sizeof self.repeats);
}

void gd_report_configure(const gd_flags *f) {
    const char *name = gd_flag_text(f, GD_OPT_LOG_LEVEL);
    for (int i = 0; i < 5; i++)
        if (name && !strcmp(level_names[i], name)) self.level = (gd_level)i;
    if (gd_flag_int(f, GD_OPT_VERBOSE) > 0)
        self.level = gd_flag_int(f, GD_OPT_VERBOSE) > 1 ? GD_LEVEL_DEBUG : GD_LEVEL_VERBOSE;
    if (gd_flag_on(f, GD_OPT_QUIET)) self.level = GD_LEVEL_ERROR;
    self.json = gd_flag_on(f, GD_OPT_LOG_JSON);
    if (gd_flag_on(f, GD_OPT_NO_COLOR)) self.color = false;
}

bool gd_report_shows(gd_level level) { return level <= self.level; }

/* ---- errors, warnings, notes ------------------------------------------------------------- */

gd_exit gd_exit_of(const gd_error *err, gd_exit subject) {
    if (err->code >= 200 && err->code <= 999) return (gd_exit)(err->code / 100);
    switch (err->status) {
    case GD_OK: return GD_EXIT_OK;
    case GD_ERR_NOMEM: return GD_EXIT_MEMORY;
    case GD_ERR_DEVICE: return GD_EXIT_DEVICE;
    case GD_ERR_CHECK: return GD_EXIT_CHECK;
    case GD_ERR_ARG:
    case GD_ERR_SHAPE:
    case GD_ERR_FORMAT:
    case GD_ERR_IO:
    case GD_ERR_UNSUPPORTED: break;
    }
    return subject;
}

gd_exit gd_report_error(const gd_error *err, gd_exit subject, const char *file) {
    gd_exit code = gd_exit_of(err, subject);
    int     shown = err->code ? err->code : code < 10 ? 100 * (int)code : (int)code;
    if (file && strstr(err->msg, file)) file = NULL;
    emit(GD_LEVEL_ERROR, shown, err->msg, file, err->why, err->hint);
    if (err->file) gd_say(GD_LEVEL_DEBUG, "raised at %s:%d", err->file, err->line);
    return code;
}

void gd_warn(int code, const char *fmt, ...) {
    char    text[1024];
    va_list ap;
    GD_ASSERT(code > 0 && code < 1000);
    (void)pthread_mutex_lock(&lock);
    const bool again = self.repeats[code]++ > 0;
    (void)pthread_mutex_unlock(&lock);
    if (again) return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    emit(GD_LEVEL_WARNING, code, text, NULL, NULL, NULL);
}

void gd_warn_each(int code, const char *fmt, ...) {
    char    text[1024];
    va_list ap;
    GD_ASSERT(code > 0 && code < 1000);
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    emit(GD_LEVEL_WARNING, code, text, NULL, NULL, NULL);
}

void gd_say(gd_level level, const char *fmt, ...) {
    char    text[1024];
    va_list ap;
    if (level > self.level) return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    emit(level, 0, text, NULL, NULL, NULL);
}

void gd_note(const char *text, const char *why, const char *hint) {
    emit(GD_LEVEL_INFO, 0, text, NULL, why, hint);
}

void gd_report_close(void) {
    char text[64];
    gd_progress_clear();
    for (int i = 0; i < 1000; i++) {
        if (self.repeats[i] < 2) continue;
        snprintf(text, sizeof text, "repeated %ld times more", self.repeats[i] - 1);
        emit(GD_LEVEL_WARNING, i, text, NULL, NULL, NULL);
    }
    memset(self.repeats, 0, sizeof self.repeats);
}
