/* darknet_text.c -- lines, pairs and values of a Darknet .cfg; see darknet_text.h. */
#include "weights/import/darknet_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

gd_status gd_cfg_bad(const gd_cfg_section *s, int line, gd_error *err, const char *fmt, ...) {
    char    text[320];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return gd_fail_code(err, GD_ERR_FORMAT, 437, "%s: line %d: %s", s->file, line, text);
}

/* ---- lines ------------------------------------------------------------------------------- */

typedef struct splitter {
    gd_cfg_section  head; /* for messages before the first section */
    gd_cfg_section *section;
    int             n_section;
    gd_cfg_pair    *pair; /* the next free one */
    gd_error       *err;
} splitter;

/* Copies a line without white space and comment to `to`; returns its length, or -1 where it
 * holds other bytes than printable ASCII. */
static int squeeze(const char *from, const char *end, char *to) {
    const char *first = to;
    for (; from < end && *from != '#' && *from != ';'; from++) {
        if (*from == ' ' || *from == '\t' || *from == '\r') continue;
        if (*from < 0x21 || *from > 0x7e) return -1;
        *to++ = *from;
    }
    *to = '\0';
    return (int)(to - first);
}

static gd_status add_section(splitter *p, char *line, int number) {
    const size_t n = strlen(line);
    if (line[n - 1] != ']' || n < 3)
        return gd_cfg_bad(&p->head, number, p->err, "'%.60s' is no [section]", line);
    line[n - 1] = '\0';
    p->section[p->n_section++] = (gd_cfg_section){
        .file = p->head.file, .name = line + 1, .line = number, .pair = p->pair};
    return GD_OK;
}

static gd_status add_pair(splitter *p, char *line, int number) {
    char *equals = strchr(line, '=');
    if (!equals || equals == line || !equals[1])
        return gd_cfg_bad(&p->head, number, p->err,
                          "'%.60s' is neither a [section] nor key=value", line);
    if (p->n_section == 0)
        return gd_cfg_bad(&p->head, number, p->err, "'%.60s' stands before any [section]",
                          line);
    gd_cfg_section *s = &p->section[p->n_section - 1];
    *equals = '\0';
    const gd_cfg_pair *twin = gd_cfg_find(s, line);
    if (twin)
        return gd_cfg_bad(s, number, p->err, "'%.60s' stands in line %d already", line,
                          twin->line);
    if (s->n_pair == GD_CFG_MAX_PAIRS)
        return gd_cfg_bad(s, number, p->err, "more than %d keys in a section",
                          (int)GD_CFG_MAX_PAIRS);
    *p->pair++ = (gd_cfg_pair){.key = line, .value = equals + 1, .line = number};
    s->n_pair++;
    return GD_OK;
}

gd_status gd_cfg_split(const char *file, const char *text, size_t n, gd_arena *arena,
                       gd_cfg_section **section, int *count, gd_error *err) {
    splitter p = {.head = {.file = file}, .err = err};
    size_t   lines = 1;
    *section = NULL;
    *count = 0;
    if (n > GD_CFG_MAX_TEXT)
        return gd_fail_code(err, GD_ERR_FORMAT, 437,
                            "%s: a .cfg of %zu bytes, at most %d are read", file, n,
                            (int)GD_CFG_MAX_TEXT);
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3, n -= 3;
    for (size_t i = 0; i < n; i++) lines += text[i] == '\n';
    char *copy = gd_arena_small(arena, n + lines + 1);
    p.section = gd_arena_array(arena, lines, sizeof *p.section);
    p.pair = gd_arena_array(arena, lines, sizeof *p.pair);
    if (!copy || !p.section || !p.pair)
        return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for its %zu lines", file, lines);
    const char *at = text, *end = text + n;
    for (int number = 1; at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        const int length = squeeze(at, stop, copy);
        if (length < 0)
            return gd_cfg_bad(&p.head, number, err, "a byte that is no printable ASCII");
        at = stop + 1;
        if (length == 0) continue;
        GD_TRY(*copy == '[' ? add_section(&p, copy, number) : add_pair(&p, copy, number));
        copy += length + 1;
    }
    *section = p.section;
    *count = p.n_section;
    return GD_OK;
}

const char *gd_cfg_join(const gd_cfg_section *section, int count, gd_arena *arena) {
    size_t room = 1, at = 0;
    for (int i = 0; i < count; i++) {
        room += strlen(section[i].name) + 3;
        for (int k = 0; k < section[i].n_pair; k++)
            room += strlen(section[i].pair[k].key) + strlen(section[i].pair[k].value) + 2;
    }
    char *to = gd_arena_small(arena, room);
    for (int i = 0; to && i < count; i++) {
        const gd_cfg_section *s = &section[i];
        at += (size_t)snprintf(to + at, room - at, "[%s]\n", s->name);
        for (int k = 0; k < s->n_pair; k++)
            at += (size_t)snprintf(to + at, room - at, "%s=%s\n", s->pair[k].key,
                                   s->pair[k].value);
    }
    return to;
}

/* ---- values ------------------------------------------------------------------------------ */

const gd_cfg_pair *gd_cfg_find(const gd_cfg_section *s, const char *key) {
    for (int i = 0; i < s->n_pair; i++)
        if (strcmp(s->pair[i].key, key) == 0) return &s->pair[i];
    return NULL;
}

/* A decimal number at *at, which is moved behind it; false: there is none. By hand, since the
 * decimal point of strtod is the locale's. */
static bool take_number(const char **at, double *out) {
    const char *p = *at;
    const bool  minus = *p == '-';
    double      v = 0, scale = 1;
    int         digits = 0;
    if (*p == '-' || *p == '+') p++;
    for (; *p >= '0' && *p <= '9' && digits < 30; p++, digits++) v = v * 10 + (*p - '0');
    if (*p == '.')
        for (p++; *p >= '0' && *p <= '9' && digits < 30; p++, digits++) {
            v = v * 10 + (*p - '0');
            scale *= 10;
        }
    if (digits == 0 || (*p >= '0' && *p <= '9')) return false;
    *at = p;
    *out = minus ? -v / scale : v / scale;
    return true;
}

/* Numbers from lo to hi with commas, whole ones if wanted; *count of them in out[room]. */
static gd_status take_list(const gd_cfg_section *s, const gd_cfg_pair *p, int room, double lo,
                           double hi, bool whole, double *out, int *count, gd_error *err) {
    const char *at = p->value;
    for (*count = 0;; at++) {
        double v;
        if (*count == room)
            return gd_cfg_bad(s, p->line, err, "%.60s has more than %d number%s", p->key, room,
                              room == 1 ? "" : "s");
        if (!take_number(&at, &v) || (*at && *at != ',') || (whole && v != floor(v)))
            return gd_cfg_bad(s, p->line, err, "%.60s is '%.60s', wanted %snumber%s", p->key,
                              p->value, whole ? "whole " : "", room == 1 ? "" : "s");
        if (!(v >= lo && v <= hi))
            return gd_cfg_bad(s, p->line, err, "%.60s is %.40s, wanted %g to %g", p->key,
                              p->value, lo, hi);
        out[(*count)++] = v;
        if (!*at || !at[1]) return GD_OK; /* a comma may stand at the end */
    }
}

gd_status gd_cfg_int(const gd_cfg_section *s, const char *key, int def, int lo, int hi,
                     int *out, gd_error *err) {
    const gd_cfg_pair *p = gd_cfg_find(s, key);
    double             v = def;
    int                n;
    if (p) GD_TRY(take_list(s, p, 1, lo, hi, true, &v, &n, err));
    *out = (int)v;
    return GD_OK;
}

gd_status gd_cfg_float(const gd_cfg_section *s, const char *key, float def, float lo, float hi,
                       float *out, gd_error *err) {
    const gd_cfg_pair *p = gd_cfg_find(s, key);
    double             v = (double)def;
    int                n;
    if (p) GD_TRY(take_list(s, p, 1, (double)lo, (double)hi, false, &v, &n, err));
    *out = (float)v;
    return GD_OK;
}

gd_status gd_cfg_word(const gd_cfg_section *s, const char *key, int def,
                      const char *const *words, int *out, gd_error *err) {
    const gd_cfg_pair *p = gd_cfg_find(s, key);
    char               all[160] = "";
    *out = def;
    if (!p) return GD_OK;
    for (int i = 0; words[i]; i++) {
        const size_t n = strlen(all);
        if (strcmp(words[i], p->value) == 0) {
            *out = i;
            return GD_OK;
        }
        snprintf(all + n, sizeof all - n, i ? ", %s" : "%s", words[i]);
    }
    return gd_cfg_bad(s, p->line, err, "%.60s is '%.60s', read are %s", key, p->value, all);
}

enum { MOST_NUMBERS = 128 };

gd_status gd_cfg_ints(const gd_cfg_section *s, const char *key, int room, int lo, int hi,
                      int *out, int *count, gd_error *err) {
    const gd_cfg_pair *p = gd_cfg_find(s, key);
    double             v[MOST_NUMBERS];
    *count = 0;
    if (!p) return GD_OK;
    GD_TRY(take_list(s, p, room < MOST_NUMBERS ? room : MOST_NUMBERS, lo, hi, true, v, count,
                     err));
    for (int i = 0; i < *count; i++) out[i] = (int)v[i];
    return GD_OK;
}

gd_status gd_cfg_floats(const gd_cfg_section *s, const char *key, int room, float lo, float hi,
                        float *out, int *count, gd_error *err) {
    const gd_cfg_pair *p = gd_cfg_find(s, key);
    double             v[MOST_NUMBERS];
    *count = 0;
    if (!p) return GD_OK;
    GD_TRY(take_list(s, p, room < MOST_NUMBERS ? room : MOST_NUMBERS, (double)lo, (double)hi,
                     false, v, count, err));
    for (int i = 0; i < *count; i++) out[i] = (float)v[i];
    return GD_OK;
}
