/* mem.c -- the one door to the heap; see mem.h. */
#include "engine/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64 };

static void *default_get(void *ctx, size_t size) {
    (void)ctx;
    return aligned_alloc(ALIGN, size);
}

static void default_put(void *ctx, void *ptr) {
    (void)ctx;
    free(ptr);
}

static const gd_alloc default_alloc = {NULL, default_get, default_put};
static gd_alloc       alloc = {NULL, default_get, default_put};

void gd_mem_hook(const gd_alloc *hook) { alloc = hook ? *hook : default_alloc; }

void *gd_mem_get(size_t size) {
    if (size > (size_t)PTRDIFF_MAX - ALIGN) return NULL;
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    return alloc.get(alloc.ctx, size ? size : ALIGN);
}

void *gd_mem_get_zero(size_t size) {
    void *p = gd_mem_get(size);
    return p ? memset(p, 0, size) : NULL;
}

void *gd_mem_array(size_t n, size_t size) {
    size_t total;
    return __builtin_mul_overflow(n, size, &total) ? NULL : gd_mem_get_zero(total);
}

void *gd_mem_grow(void *p, size_t old, size_t size) {
    void *q = gd_mem_get(size);
    if (!q) return NULL;
    if (p) memcpy(q, p, old < size ? old : size);
    gd_mem_put(p);
    return q;
}

void gd_mem_put(void *p) {
    if (p) alloc.put(alloc.ctx, p);
}

char *gd_mem_string(const char *s) {
    size_t n = strlen(s) + 1;
    char  *p = gd_mem_get(n);
    return p ? memcpy(p, s, n) : NULL;
}

void *gd_mem_zalloc(void *ctx, unsigned n, unsigned size) {
    (void)ctx;
    return gd_mem_get((size_t)n * size);
}

void gd_mem_zfree(void *ctx, void *p) {
    (void)ctx;
    gd_mem_put(p);
}
