/* arena.c -- bump allocation; see arena.h. Chunks form a list, the newest first; a request
 * larger than the room left in the newest opens another. */
#include "engine/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"

#ifndef GD_ARENA_CHUNK /* tests set it small, so that many requests reach the allocator */
#define GD_ARENA_CHUNK (64 * 1024)
#endif

enum { ALIGN = 64, HEAD = 64 };

struct gd_arena_chunk {
    gd_arena_chunk *next;
    size_t          used, size;
};
_Static_assert(sizeof(gd_arena_chunk) <= HEAD, "a chunk's head fits its first cache line");

static void *get_raw(gd_arena *a, size_t size, size_t align) {
    gd_arena_chunk *c = a->head;
    if (size > SIZE_MAX / 4) return NULL;
    if (size == 0) size = 1;
    if (a->limit && (size > a->limit || a->used > a->limit - size)) return NULL;
    size_t at = c ? (c->used + align - 1) / align * align : 0;
    if (!c || at > c->size || c->size - at < size) {
        size_t room = size > GD_ARENA_CHUNK ? size : GD_ARENA_CHUNK;
        c = gd_mem_get(HEAD + room);
        if (!c) return NULL;
        c->next = a->head;
        c->size = room;
        a->head = c;
        at = 0;
    }
    c->used = at + size;
    a->used += size;
    return (unsigned char *)c + HEAD + at;
}

static void *get(gd_arena *a, size_t size, size_t align) {
    void *p = get_raw(a, size, align);
    return p ? memset(p, 0, size) : NULL;
}

void *gd_arena_get(gd_arena *a, size_t size) { return get(a, size, ALIGN); }
void *gd_arena_raw(gd_arena *a, size_t size) { return get_raw(a, size, ALIGN); }
void *gd_arena_small(gd_arena *a, size_t size) { return get(a, size, 8); }

void *gd_arena_array(gd_arena *a, size_t n, size_t size) {
    size_t total;
    return __builtin_mul_overflow(n, size, &total) ? NULL : gd_arena_small(a, total);
}

char *gd_arena_bytes(gd_arena *a, const char *s, size_t n) {
    char *p = n < SIZE_MAX ? get(a, n + 1, 1) : NULL;
    if (p && n) memcpy(p, s, n);
    return p;
}

char *gd_arena_string(gd_arena *a, const char *s) { return gd_arena_bytes(a, s, strlen(s)); }

char *gd_arena_print(gd_arena *a, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = n < 0 ? NULL : get(a, (size_t)n + 1, 1);
    if (!p) return NULL;
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

void gd_arena_free(gd_arena *a) {
    for (gd_arena_chunk *c = a->head, *next; c; c = next) {
        next = c->next;
        gd_mem_put(c);
    }
    a->head = NULL;
    a->used = 0;
}
