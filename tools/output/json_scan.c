/* json_scan.c -- yajl on an allocator that leaves by longjmp; see json_scan.h. */
#include "tools/output/json_scan.h"

#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"

struct gd_json_block {
    gd_json_block *next, *prev;
    size_t         size;
};

/* In front of each block, and keeping its alignment. */
enum { HEAD = 64 };
_Static_assert(sizeof(gd_json_block) <= HEAD, "the list's links fit in front of a block");

static void          *body(gd_json_block *b) { return (unsigned char *)b + HEAD; }
static gd_json_block *head(void *p) {
    return (gd_json_block *)(void *)((unsigned char *)p - HEAD);
}

static void *get(void *ctx, size_t size) {
    gd_json_scan  *s = ctx;
    size_t         total;
    gd_json_block *b = gd_add_size(size, HEAD, &total) ? gd_mem_get(total) : NULL;
    if (!b) {
        s->starved = true;
        longjmp(s->out, 1);
    }
    *b = (gd_json_block){.next = s->blocks, .size = size};
    if (s->blocks) s->blocks->prev = b;
    s->blocks = b;
    return body(b);
}

static void put(void *ctx, void *p) {
    gd_json_scan *s = ctx;
    if (!p) return;
    gd_json_block *b = head(p);
    if (b->prev)
        b->prev->next = b->next;
    else
        s->blocks = b->next;
    if (b->next) b->next->prev = b->prev;
    gd_mem_put(b);
}

static void *grow(void *ctx, void *p, size_t size) {
    void *q = get(ctx, size);
    if (p) memcpy(q, p, head(p)->size < size ? head(p)->size : size);
    put(ctx, p);
    return q;
}

bool gd_json_scan_open(gd_json_scan *s, const yajl_callbacks *calls, void *ctx) {
    yajl_alloc_funcs funcs = {.malloc = get, .realloc = grow, .free = put, .ctx = s};
    memset(s, 0, sizeof *s);
    if (setjmp(s->out) == 0) s->handle = yajl_alloc(calls, &funcs, ctx);
    return s->handle != NULL;
}

yajl_status gd_json_scan_feed(gd_json_scan *s, const unsigned char *text, size_t n) {
    if (s->starved || setjmp(s->out) != 0) return yajl_status_error;
    return text ? yajl_parse(s->handle, text, n) : yajl_complete_parse(s->handle);
}

void gd_json_scan_close(gd_json_scan *s) {
    while (s->blocks) {
        gd_json_block *next = s->blocks->next;
        gd_mem_put(s->blocks);
        s->blocks = next;
    }
    s->handle = NULL;
}
