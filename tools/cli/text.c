/* text.c -- see text.h. */
#include "tools/cli/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Length of the valid UTF-8 sequence at p, 0 if there is none (overlong forms, surrogates and
 * values over U+10FFFF are none). C1 controls count as invalid: terminals obey some. */
static size_t utf8_length(const unsigned char *p) {
    unsigned lo = 0x80, hi = 0xbf;
    size_t   n;
    if (p[0] < 0x80) return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (p[0] == 0xc2) lo = 0xa0;
    if (p[0] == 0xe0) lo = 0xa0;
    if (p[0] == 0xed) hi = 0x9f;
    if (p[0] == 0xf0) lo = 0x90;
    if (p[0] == 0xf4) hi = 0x8f;
    if (p[1] < lo || p[1] > hi) return 0;
    for (size_t i = 2; i < n; i++)
        if (p[i] < 0x80 || p[i] > 0xbf) return 0;
    return n;
}

char *gd_escape(char *dst, size_t room, const char *src) {
    const unsigned char *p = (const unsigned char *)src;
    size_t               at = 0, cut = 0; /* cut: the last place where "..." still fits */
    while (*p) {
        char   piece[8];
        size_t n = utf8_length(p), put;
        if (n == 0 || *p < 0x20 || *p == 0x7f) {
            put = (size_t)(*p == '\n'   ? snprintf(piece, sizeof piece, "\\n")
                           : *p == '\t' ? snprintf(piece, sizeof piece, "\\t")
                                        : snprintf(piece, sizeof piece, "\\x%02x", *p));
            n = 1;
        } else {
            memcpy(piece, p, n);
            put = n;
        }
        if (at + 4 <= room) cut = at;
        if (at + put >= room) {
            memcpy(dst + cut, "...", 3);
            at = cut + 3;
            break;
        }
        memcpy(dst + at, piece, put);
        at += put;
        p += n;
    }
    dst[at] = '\0';
    return dst;
}

enum { LONGEST = 64 };

int gd_edit_distance(const char *a, const char *b) {
    int    row[3][LONGEST + 1];
    size_t n = strlen(a), m = strlen(b);
    if (n >= LONGEST || m >= LONGEST) return INT_MAX;
    for (size_t j = 0; j <= m; j++) row[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int *now = row[i % 3], *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];
        now[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int best = before[j - 1] + (a[i - 1] != b[j - 1]);
            if (before[j] + 1 < best) best = before[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                earlier[j - 2] + 1 < best)
                best = earlier[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[n % 3][m];
}

int gd_is_near(int distance, size_t length) {
    return distance <= 1 + (int)(length / 4 < 3 ? length / 4 : 3) && distance < (int)length;
}
