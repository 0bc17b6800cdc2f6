/* status.c -- formatting of errors; the only place of the library that touches va_list. */
#include "engine/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names from hostile files end up in messages: no control byte may reach a terminal. */
static void put(char *dst, size_t size, const char *fmt, va_list ap) {
    vsnprintf(dst, size, fmt, ap);
    for (char *p = dst; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?';
}

gd_status gd_fail_at(gd_error *err, gd_status st, int code, const char *file, int line,
                     const char *fmt, ...) {
    if (err) {
        va_list ap;
        err->status = st;
        err->code = code;
        err->file = file;
        err->line = line;
        err->why[0] = err->hint[0] = '\0';
        va_start(ap, fmt);
        put(err->msg, sizeof err->msg, fmt, ap);
        va_end(ap);
    }
    return st;
}

void gd_error_why(gd_error *err, const char *fmt, ...) {
    va_list ap;
    if (!err) return;
    va_start(ap, fmt);
    put(err->why, sizeof err->why, fmt, ap);
    va_end(ap);
}

void gd_error_hint(gd_error *err, const char *fmt, ...) {
    va_list ap;
    if (!err) return;
    va_start(ap, fmt);
    put(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
}

/* A bug in gdrun: the state is not to be trusted, so nothing but write(2) is used. */
void gd_assert_fail(const char *cond, const char *file, int line) {
    char text[512];
    int  n = snprintf(text, sizeof text, "%s:%d: gdrun bug: %s\n", file, line, cond);
    if (n > 0 && write(2, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1) < 0)
        abort();
    abort();
}

const char *gd_version(void) { return GD_VERSION_STRING; }

const char *gd_status_name(gd_status st) {
    static const char *const name[] = {"ok",          "bad argument", "shape mismatch",
                                       "bad format",  "input/output", "out of memory",
                                       "unsupported", "device",       "check failed"};
    return (unsigned)st < sizeof name / sizeof *name ? name[st] : "unknown";
}
