/* text.c -- see text.h. */
#include "tools/cli/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "engine/utf8.h"

/* Length of the printable UTF-8 sequence at p, 0 if there is none. */
static size_t printable(const char *p) {
    unsigned char c = (unsigned char)*p;
    size_t        n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return strnlen(p, n) == n && gd_utf8_ok(p, n, false) ? n : 0;
}

char *gd_escape(char *dst, size_t room, const char *src) {
    const char *p = src;
    size_t      at = 0, cut = 0; /* cut: the last place where "..." still fits */
    while (*p) {
        char   piece[8];
        size_t n = printable(p), put = n;
        memcpy(piece, p, n);
        if (!n) {
            unsigned char c = (unsigned char)*p;
            put = (size_t)(c == '\n'   ? snprintf(piece, sizeof piece, "\\n")
                           : c == '\t' ? snprintf(piece, sizeof piece, "\\t")
                                       : snprintf(piece, sizeof piece, "\\x%02x", c));
            n = 1;
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
