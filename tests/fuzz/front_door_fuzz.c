/* front_door_fuzz.c -- any bytes: refused, or decoded, but never a crash. */
#include <stdlib.h>
#include <string.h>

#include "tools/media/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    /* Larger pictures are the same code at more cost. */
    enum { MOST = 1 << 20 };
    for (int allow = 0; allow < 2; allow++) {
        gd_read_options opt = {.allow_truncated = allow};
        gd_source       s;
        gd_error        err = {0};
        if (gd_front_door(data, size, "x", &opt, &s, &err) != GD_OK) {
            if (err.code < 301 || err.code > 306) abort();
            continue;
        }
        if (s.width < 1 || s.height < 1 || s.usable > size || s.orientation < 1 ||
            s.orientation > 8)
            abort();
        size_t n = 3 * (size_t)s.width * (size_t)s.height;
        if (n > MOST) continue;
        unsigned char *copy = malloc(s.usable + 1), *px = malloc(n);
        memcpy(copy, data, s.usable);
        if (gd_decode(&s, copy, px, &err) == GD_OK) {
            /* Every byte of the picture is defined: MemorySanitizer looks at this sum. */
            unsigned sum = 0;
            for (size_t i = 0; i < n; i++) sum += px[i];
            if (sum == 0x7fffffff) abort();
        } else if (err.code != 304 && err.code != 307 && err.code != 600) {
            abort();
        }
        free(px);
        free(copy);
    }
    return 0;
}
