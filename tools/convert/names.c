/* names.c -- class names and category ids; see names.h. */
#include "tools/convert/names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "engine/utf8.h"

enum { MAX_FILE = 8 << 20, MAX_NAMES = 65536 };

/* Lines that hold something; a newline at the end opens no further one. */
static int count_lines(const char *s) {
    int n = 0;
    for (; *s; s += strcspn(s, "\n"), s += *s == '\n') n++;
    return n;
}

/* Looks for two equal lines among the first ones; quadratic, hence the bound. */
static bool has_twin(const char *all, const char *line, size_t n) {
    for (const char *p = all; p < line; p = strchr(p, '\n') + 1)
        if (strcspn(p, "\n") == n && memcmp(p, line, n) == 0) return true;
    return false;
}

static gd_status check_lines(const char *path, const char *all, gd_error *err) {
    int number = 1;
    for (const char *p = all;; number++) {
        size_t n = strcspn(p, "\n");
        if (n == 0 || n > 255 || !gd_utf8_ok(p, n, false))
            return gd_fail_code(err, GD_ERR_FORMAT, 463, "%s: line %d is not a class name",
                                path, number);
        if (number <= 4096 && has_twin(all, p, n))
            return gd_fail_code(err, GD_ERR_FORMAT, 463, "%s: line %d: '%.*s' stood before",
                                path, number, (int)n, p);
        if (number > MAX_NAMES)
            return gd_fail_code(err, GD_ERR_FORMAT, 463, "%s: more than %d names", path,
                                MAX_NAMES);
        if (!p[n]) return GD_OK;
        p += n + 1;
    }
}

/* Drops carriage returns before newlines and white space at the end; returns the start. */
static char *tidy(char *s, size_t n) {
    size_t to = 0;
    if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) s += 3, n -= 3;
    for (size_t i = 0; i < n; i++)
        if (s[i] != '\r' || (i + 1 < n && s[i + 1] != '\n')) s[to++] = s[i];
    while (to > 0 && strchr(" \t\n", s[to - 1])) to--;
    s[to] = '\0';
    return s;
}

static gd_status take_lines(const char *path, const char *all, gd_names *out, gd_error *err) {
    GD_TRY(check_lines(path, all, err));
    out->joined = all;
    out->count = count_lines(all);
    return GD_OK;
}

gd_status gd_names_read(const char *path, gd_arena *arena, gd_names *out, gd_error *err) {
    unsigned char *raw;
    size_t         n;
    *out = (gd_names){0};
    GD_TRY(gd_file_slurp(path, MAX_FILE, &raw, &n, err));
    bool  has_nul = memchr(raw, 0, n) != NULL;
    char *copy = gd_arena_bytes(arena, (const char *)raw, n);
    gd_mem_put(raw);
    if (!copy) return gd_fail_code(err, GD_ERR_NOMEM, 600, "%s: no memory", path);
    if (has_nul) return gd_fail_code(err, GD_ERR_FORMAT, 463, "%s: is not a text file", path);
    return take_lines(path, tidy(copy, n), out, err);
}

gd_status gd_names_text(const char *text, gd_arena *arena, gd_names *out, gd_error *err) {
    char *copy = gd_arena_string(arena, text);
    *out = (gd_names){0};
    if (!copy) return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for class names");
    return take_lines("the checkpoint's class names", tidy(copy, strlen(copy)), out, err);
}

/* first, first + 1, ..., separated by commas. */
static const char *count_up(int n, int first, gd_arena *arena) {
    size_t room = (size_t)n * 8 + 1, at = 0;
    char  *s = gd_arena_small(arena, room);
    for (int i = 0; s && i < n; i++)
        at += (size_t)snprintf(s + at, room - at, i ? ",%d" : "%d", first + i);
    return s;
}

static const char *make_up(int n, int first, gd_arena *arena) {
    size_t room = (size_t)n * 16 + 1, at = 0;
    char  *s = gd_arena_small(arena, room);
    for (int i = 0; s && i < n; i++)
        at += (size_t)snprintf(s + at, room - at, i ? "\nclass %d" : "class %d", first + i);
    return s;
}

/* True when the line is what data sets call the absence of an object. */
static bool is_background(const char *line) {
    static const char *const words[] = {"__background__", "background", "_background_"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcspn(line, "\n") == strlen(words[i]) &&
            strncasecmp(line, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

static gd_status fit_given(const gd_arch *a, int outputs, const gd_names *given, gd_names *out,
                           gd_error *err) {
    int skip = given->count == outputs ? a->n_background : 0;
    *out = *given;
    for (int i = 0; i < skip && is_background(out->joined); i++) {
        out->joined += strcspn(out->joined, "\n") + 1;
        out->count--;
    }
    /* The architecture's own list under another hat has that list's ids. */
    const char  *list = a->names ? gd_class_list(a->names) : NULL;
    const size_t n = strlen(out->joined);
    if (list && strncmp(list, out->joined, n) == 0 &&
        strspn(list + n, "\n") == strlen(list + n))
        out->ids = gd_class_list_ids(a->names);
    if (out->count == outputs - a->n_background) return GD_OK;
    gd_status st =
        gd_fail_code(err, GD_ERR_FORMAT, 463,
                     "%d class names for a head of %d outputs, %d of them background",
                     given->count, outputs, a->n_background);
    gd_error_hint(err, "the file of --names needs %d lines", outputs - a->n_background);
    return st;
}

gd_status gd_names_fit(const gd_arch *a, int outputs, const gd_names *given, gd_arena *arena,
                       gd_names *out, gd_error *err) {
    const char *list = a->names ? gd_class_list(a->names) : NULL;
    int         n = outputs - a->n_background;
    *out = (gd_names){.count = n};
    if (n < 1)
        return gd_fail_code(err, GD_ERR_FORMAT, 463, "a head of %d outputs has no class",
                            outputs);
    if (given) {
        GD_TRY(fit_given(a, outputs, given, out, err));
    } else if (list && outputs == a->n_class && count_lines(list) == n) {
        size_t k = strlen(list);
        out->joined = gd_arena_bytes(arena, list, k && list[k - 1] == '\n' ? k - 1 : k);
        out->ids = gd_class_list_ids(a->names);
    } else {
        out->made_up = true;
        out->joined = make_up(n, a->n_background, arena);
    }
    if (!out->ids) out->ids = count_up(n, a->n_background, arena);
    return out->joined && out->ids
               ? GD_OK
               : gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for %d class names", n);
}
