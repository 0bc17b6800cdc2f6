/* filter_text.c -- see filter_text.h. One table has the names, ranges and defaults. */
#include "layers/filter_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct value {
    const char *name;
    double      def, lo, hi;
    bool        whole;
    const char *words; /* of a choice, separated by '|' */
} value;

typedef struct filter {
    const char *name, *example; /* the example has every default */
    value       values[GD_FILTER_VALUES];
} filter;

static const filter filters[GD_N_FILTER_KIND] = {
    [GD_FILTER_KIND_GUIDED] = {"guided",
                               "guided:radius=8,eps=0.01,guide=color",
                               {{"radius", 8, 0, 32767, true, NULL},
                                {"eps", 0.01, 1e-8, 1e4, false, NULL},
                                {"guide", 0, 0, 1, true, "color|grey"}}},
    [GD_FILTER_KIND_GAUSSIAN] = {"gaussian",
                                 "gaussian:sigma=1.5,size=0",
                                 {{"sigma", 1.5, 0.01, 42, false, NULL},
                                  {"size", 0, 0, 255, true, NULL}}},
    [GD_FILTER_KIND_BILATERAL] = {"bilateral",
                                  "bilateral:radius=4,color=25,space=4",
                                  {{"radius", 4, 0, 64, true, NULL},
                                   {"color", 25, 0.01, 1e4, false, NULL},
                                   {"space", 4, 0.01, 1e4, false, NULL}}},
    [GD_FILTER_KIND_SHARPEN] = {"sharpen",
                                "sharpen:amount=1,sigma=1",
                                {{"amount", 1, 0, 100, false, NULL},
                                 {"sigma", 1, 0.01, 42, false, NULL}}},
    [GD_FILTER_KIND_SOBEL] = {"sobel",
                              "sobel:along=both,size=3,scale=1,grey=no",
                              {{"along", 0, 0, 2, true, "both|x|y"},
                               {"size", 3, 3, 7, true, NULL},
                               {"scale", 1, 1e-4, 1e4, false, NULL},
                               {"grey", 0, 0, 1, true, "no|yes"}}}};

const char *gd_filter_example(int i) {
    return i >= 0 && i < GD_N_FILTER_KIND ? filters[i].example : NULL;
}

/* A decimal number with a point, under every locale: digits[.digits][e[-]digits]. */
static bool number(const char *s, size_t n, double *out) {
    double v = 0, place = 1;
    size_t i = 0, digits = 0;
    for (; i < n && s[i] >= '0' && s[i] <= '9'; i++, digits++) v = v * 10 + (s[i] - '0');
    if (i < n && s[i] == '.')
        for (i++; i < n && s[i] >= '0' && s[i] <= '9'; i++, digits++) {
            v = v * 10 + (s[i] - '0');
            place *= 10;
        }
    if (!digits || digits > 17) return false;
    v /= place;
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        int        power = 0, used = 0;
        const bool minus = ++i < n && s[i] == '-';
        if (minus || (i < n && s[i] == '+')) i++;
        for (; i < n && s[i] >= '0' && s[i] <= '9' && used < 2; i++, used++)
            power = power * 10 + (s[i] - '0');
        if (!used) return false;
        v = minus ? v / pow(10, power) : v * pow(10, power);
    }
    *out = v;
    return i == n;
}

/* Number of the word s among "a|b|c"; -1: none of them. */
static int word(const char *words, const char *s, size_t n) {
    for (int i = 0; words; i++) {
        const char  *end = strchr(words, '|');
        const size_t len = end ? (size_t)(end - words) : strlen(words);
        if (len == n && !memcmp(words, s, n)) return i;
        words = end ? end + 1 : NULL;
    }
    return -1;
}

static gd_status bad_name(const char *text, size_t n, gd_error *err) {
    gd_status st = gd_fail_code(err, GD_ERR_ARG, 204, "no filter is named '%.*s'",
                                n < 64 ? (int)n : 64, text);
    gd_error_hint(err, "guided, gaussian, bilateral, sharpen or sobel");
    return st;
}

static gd_status read_value(const filter *f, const char *s, size_t n, gd_filter_text *out,
                            unsigned *seen, gd_error *err) {
    const char  *equals = memchr(s, '=', n);
    const size_t key = equals ? (size_t)(equals - s) : n;
    const int    shown = n < 64 ? (int)n : 64;
    for (int i = 0; equals && i < GD_FILTER_VALUES && f->values[i].name; i++) {
        const value *v = &f->values[i];
        const char  *from = equals + 1;
        const size_t left = n - key - 1;
        if (strlen(v->name) != key || memcmp(v->name, s, key) != 0) continue;
        if (*seen >> i & 1)
            return gd_fail_code(err, GD_ERR_ARG, 204, "filter %s: %s is given twice", f->name,
                                v->name);
        *seen |= 1u << i;
        if (v->words) {
            const int w = word(v->words, from, left);
            out->value[i] = w;
            if (w >= 0) return GD_OK;
            return gd_fail_code(err, GD_ERR_ARG, 204, "filter %s: '%.*s', wanted %s=%s",
                                f->name, shown, s, v->name, v->words);
        }
        if (number(from, left, &out->value[i]) && out->value[i] >= v->lo &&
            out->value[i] <= v->hi && (!v->whole || out->value[i] == floor(out->value[i])))
            return GD_OK;
        return gd_fail_code(err, GD_ERR_ARG, 204,
                            "filter %s: '%.*s', wanted a %snumber from %g to %g", f->name,
                            shown, s, v->whole ? "whole " : "", v->lo, v->hi);
    }
    gd_status st =
        gd_fail_code(err, GD_ERR_ARG, 204, "filter %s has no value '%.*s'", f->name, shown, s);
    gd_error_hint(err, "%s", f->example);
    return st;
}

static gd_status check(const gd_filter_text *t, gd_error *err) {
    const double size = t->kind == GD_FILTER_KIND_SOBEL      ? t->value[GD_SOBEL_SIZE]
                        : t->kind == GD_FILTER_KIND_GAUSSIAN ? t->value[GD_BLUR_SIZE]
                                                             : 0;
    if (size != 0 && fmod(size, 2) != 1)
        return gd_fail_code(err, GD_ERR_ARG, 204, "filter %s: size=%g, wanted an odd number",
                            filters[t->kind].name, size);
    return GD_OK;
}

gd_status gd_filter_read(const char *text, gd_filter_text *out, gd_error *err) {
    const char  *colon = text ? strchr(text, ':') : NULL;
    const size_t n = !text ? 0 : colon ? (size_t)(colon - text) : strlen(text);
    unsigned     seen = 0;
    int          kind = 0;
    while (kind < GD_N_FILTER_KIND &&
           (strlen(filters[kind].name) != n || memcmp(filters[kind].name, text, n) != 0))
        kind++;
    if (kind == GD_N_FILTER_KIND) return bad_name(text ? text : "", n, err);
    const filter *f = &filters[kind];
    out->kind = (gd_filter_kind)kind;
    for (int i = 0; i < GD_FILTER_VALUES; i++) out->value[i] = f->values[i].def;
    for (const char *s = colon ? colon + 1 : NULL; s;) {
        const char  *comma = strchr(s, ',');
        const size_t len = comma ? (size_t)(comma - s) : strlen(s);
        GD_TRY(read_value(f, s, len, out, &seen, err));
        s = comma ? comma + 1 : NULL;
    }
    return check(out, err);
}

const char *gd_filter_write(const gd_filter_text *t, char buf[GD_FILTER_TEXT]) {
    const filter *f = &filters[t->kind];
    int           at = snprintf(buf, GD_FILTER_TEXT, "%s", f->name);
    for (int i = 0; i < GD_FILTER_VALUES && f->values[i].name && at < GD_FILTER_TEXT; i++) {
        const value *v = &f->values[i];
        const size_t room = (size_t)(GD_FILTER_TEXT - at);
        const char   sign = i ? ',' : ':';
        const char  *w = v->words;
        for (int k = 0; w && k < (int)t->value[i]; k++) w = strchr(w, '|') + 1;
        at += w ? snprintf(buf + at, room, "%c%s=%.*s", sign, v->name, (int)strcspn(w, "|"), w)
                : snprintf(buf + at, room, "%c%s=%g", sign, v->name, t->value[i]);
    }
    return buf;
}
