/* utf8.c -- strict check of text from files; see utf8.h. */
#include "engine/utf8.h"

#include <stdint.h>

bool gd_utf8_ok(const char *s, size_t n, bool lines) {
    /* Smallest code point that needs 1, 2 or 3 continuation bytes. */
    static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)s[i++];
        size_t        more = c < 0x80 ? 0 : c < 0xc0 ? 4 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        if (more == 4 || c > 0xf4 || more > n - i) return false;
        uint32_t point = more == 0 ? c : c & (0x3fu >> more);
        for (size_t k = 0; k < more; k++) {
            unsigned char d = (unsigned char)s[i++];
            if ((d & 0xc0) != 0x80) return false;
            point = point << 6 | (d & 0x3fu);
        }
        if (point < least[more] || point > 0x10ffff) return false;
        if (point >= 0xd800 && point < 0xe000) return false;
        if (point < 0x20 && !(lines && (point == '\n' || point == '\t'))) return false;
        if (point >= 0x7f && point < 0xa0) return false;
    }
    return true;
}
