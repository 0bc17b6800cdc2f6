/* number.c -- see number.h. */
#include "tools/cli/number.h"

#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool digit(char c) { return c >= '0' && c <= '9'; }

bool gd_number_int(const char *text, int64_t *out) {
    const char *p = text;
    bool        minus = *p == '-';
    int64_t     v = 0;
    if (*p == '-' || *p == '+') p++;
    if (!digit(*p)) return false;
    for (; digit(*p); p++) {
        int d = *p - '0';
        if (__builtin_mul_overflow(v, (int64_t)10, &v)) return false;
        if (__builtin_add_overflow(v, minus ? -d : d, &v)) return false;
    }
    if (*p) return false;
    *out = v;
    return true;
}

/* Length of the decimal number at the start of `text`, 0 if there is none. */
static size_t real_length(const char *text) {
    const char *p = text;
    size_t      digits = 0;
    if (*p == '-' || *p == '+') p++;
    for (; digit(*p); p++) digits++;
    if (*p == '.')
        for (p++; digit(*p); p++) digits++;
    if (!digits) return 0;
    if (*p == 'e' || *p == 'E') {
        const char *q = p + 1;
        if (*q == '-' || *q == '+') q++;
        if (digit(*q)) {
            while (digit(*q)) q++;
            p = q;
        }
    }
    return (size_t)(p - text);
}

/* The number at the start; *rest is what follows it. strtod is exact, and reads a point here
 * because no program of ours calls setlocale. */
static bool real_prefix(const char *text, double *out, const char **rest) {
    size_t n = real_length(text);
    char  *end;
    double v;
    if (!n || n > 400) return false;
    v = strtod(text, &end);
    if (end != text + n || !isfinite(v)) return false;
    *out = v;
    *rest = end;
    return true;
}

bool gd_number_real(const char *text, double *out) {
    double      v;
    const char *rest;
    if (!real_prefix(text, &v, &rest) || *rest) return false;
    *out = v;
    return true;
}

typedef struct unit {
    const char *name;
    double      scale;
} unit;

static bool with_unit(const char *text, const unit *u, double *out) {
    double      v;
    const char *rest;
    if (!real_prefix(text, &v, &rest) || v < 0) return false;
    for (; u->name; u++)
        if (!strcmp(rest, u->name)) {
            *out = v * u->scale;
            return isfinite(*out);
        }
    return false;
}

bool gd_number_bytes(const char *text, uint64_t *out) {
    static const unit units[] = {{"", 1},         {"B", 1},        {"KiB", 0x1p10},
                                 {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40},
                                 {"kB", 1e3},     {"MB", 1e6},     {"GB", 1e9},
                                 {"TB", 1e12},    {NULL, 0}};
    double            v;
    if (!with_unit(text, units, &v) || v >= 0x1p63 || v != floor(v)) return false;
    *out = (uint64_t)v;
    return true;
}

bool gd_number_seconds(const char *text, double *out) {
    static const unit units[] = {{"", 1},     {"us", 1e-6}, {"ms", 1e-3}, {"s", 1},
                                 {"min", 60}, {"h", 3600},  {NULL, 0}};
    return with_unit(text, units, out);
}

bool gd_number_extent(const char *text, int *width, int *height) {
    char        first[12];
    const char *x = strchr(text, 'x');
    size_t      n = x ? (size_t)(x - text) : strlen(text);
    int64_t     w, h;
    if (n >= sizeof first) return false;
    memcpy(first, text, n);
    first[n] = '\0';
    if (!gd_number_int(first, &w)) return false;
    h = w;
    if (x && !gd_number_int(x + 1, &h)) return false;
    if (w < INT_MIN || w > INT_MAX || h < INT_MIN || h > INT_MAX) return false;
    *width = (int)w;
    *height = (int)h;
    return true;
}
