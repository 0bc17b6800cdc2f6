/* pnm.c -- walks a binary PGM or PPM before stb_image sees it.
 *
 * Only samples of 8 bits up to 255: stb_image does not scale other maxima. */
#include <stdint.h>

#include "tools/media/front_door.h"

static bool is_space(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* White space and comments, then a number: at most 2^32, so that later products are safe. */
static bool read_number(const gd_walk *w, size_t *at, uint64_t *v) {
    size_t i = *at;
    while (i < w->n && (is_space(w->p[i]) || w->p[i] == '#')) {
        if (w->p[i] == '#')
            while (i < w->n && w->p[i] != '\n' && w->p[i] != '\r') i++;
        else
            i++;
    }
    size_t first = i;
    for (*v = 0; i < w->n && w->p[i] >= '0' && w->p[i] <= '9' && *v <= UINT32_MAX; i++)
        *v = *v * 10 + (uint64_t)(w->p[i] - '0');
    *at = i;
    return i > first;
}

gd_status gd_walk_pnm(gd_walk *w) {
    unsigned char kind = w->p[1];
    uint64_t      width, height, most;
    size_t        at = 2;
    if (kind != '5' && kind != '6')
        return gd_walk_unread(w, "P%c %s is not read; P5 and P6 are", kind,
                              kind <= '3'   ? "text PNM"
                              : kind == '4' ? "bitmap PNM"
                              : kind == '7' ? "PAM"
                                            : "float PNM");
    if (!read_number(w, &at, &width) || !read_number(w, &at, &height) ||
        !read_number(w, &at, &most)) {
        if (at >= w->n) return gd_walk_short(w, "PNM ends at byte %zu, inside its header", at);
        return gd_walk_damaged(w, "PNM: byte %zu should be part of a number", at);
    }
    if (at >= w->n) return gd_walk_short(w, "PNM ends at byte %zu, inside its header", at);
    if (!is_space(w->p[at]))
        return gd_walk_damaged(w, "PNM: byte %zu should be white space", at);
    GD_TRY(gd_walk_size(w, width, height));
    if (most == 0 || most > 65535)
        return gd_walk_damaged(w, "PNM: samples up to %llu", (unsigned long long)most);
    if (most != 255)
        return gd_walk_unread(w, "PNM of samples up to %llu is not read; 255 is",
                              (unsigned long long)most);
    uint64_t row_bytes = width * (kind == '6' ? 3 : 1);
    GD_TRY(gd_walk_rows(w, at + 1, row_bytes));
    w->s->work = 4 * width * height + w->n;
    return GD_OK;
}
