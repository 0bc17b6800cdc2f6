/* json_make.c -- JSON as text; see json_make.h. */
#include "weights/json_make.h"

#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "engine/utf8.h"

json_t *gd_json_string(const char *s) {
    size_t   left = strlen(s), n, room;
    uint32_t point;
    char    *copy = NULL, *to;
    json_t  *v;
    if (gd_mul_size(left, 4, &room) && gd_add_size(room, 1, &room)) copy = gd_mem_get(room);
    if (!copy) return NULL;
    for (to = copy; left; s += n, left -= n) {
        if ((n = gd_utf8_next(s, left, &point)) != 0) {
            memcpy(to, s, n);
            to += n;
        } else {
            to += snprintf(to, 5, "\\x%02x", (unsigned)(unsigned char)*s);
            n = 1;
        }
    }
    *to = '\0';
    v = json_string(copy);
    gd_mem_put(copy);
    return v;
}

typedef struct growing {
    char  *s;
    size_t n, room;
    bool   starved; /* stays: jansson does not stop at every refusal */
} growing;

static int append(const char *s, size_t n, void *to) {
    growing *g = to;
    size_t   need, room = g->room ? g->room : 4096;
    if (g->starved || !gd_add_size(g->n, n, &need) || !gd_add_size(need, 1, &need)) return -1;
    while (room < need && gd_mul_size(room, 2, &room)) continue;
    if (room > g->room) {
        char *grown = room < need ? NULL : gd_mem_grow(g->s, g->n, room);
        if (!grown) {
            g->starved = true;
            return -1;
        }
        g->s = grown;
        g->room = room;
    }
    memcpy(g->s + g->n, s, n);
    g->n += n;
    g->s[g->n] = '\0';
    return 0;
}

char *gd_json_text(const json_t *v, size_t flags) {
    growing g = {0};
    if (v && json_dump_callback(v, append, &g, flags) == 0 && !g.starved) return g.s;
    gd_mem_put(g.s);
    return NULL;
}
