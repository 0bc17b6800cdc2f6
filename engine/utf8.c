/* utf8.c -- strict check of text from files; see utf8.h. */
#include "engine/utf8.h"

size_t gd_utf8_next(const char *s, size_t n, uint32_t *point) {
    /* Smallest code point that needs 1, 2 or 3 continuation bytes. */
    static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
    if (n == 0) return 0;
    unsigned char c = (unsigned char)s[0];
    size_t        more = c < 0x80 ? 0 : c < 0xc0 ? 4 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    if (more == 4 || c > 0xf4 || more >= n) return 0;
    uint32_t p = more == 0 ? c : c & (0x3fu >> more);
    for (size_t k = 1; k <= more; k++) {
        unsigned char d = (unsigned char)s[k];
        if ((d & 0xc0) != 0x80) return 0;
        p = p << 6 | (d & 0x3fu);
    }
    if (p < least[more] || p > 0x10ffff || (p >= 0xd800 && p < 0xe000)) return 0;
    *point = p;
    return more + 1;
}

bool gd_utf8_ok(const char *s, size_t n, bool lines) {
    for (size_t i = 0, k; i < n; i += k) {
        uint32_t p = 0;
        k = gd_utf8_next(s + i, n - i, &p);
        if (k == 0) return false;
        if (p < 0x20 && !(lines && (p == '\n' || p == '\t'))) return false;
        if (p >= 0x7f && p < 0xa0) return false;
    }
    return true;
}
