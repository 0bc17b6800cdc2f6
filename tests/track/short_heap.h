/* short_heap.h -- a heap that gives `allow` blocks and no more; `live` are not given back. */
#ifndef GD_TESTS_TRACK_SHORT_HEAP_H
#define GD_TESTS_TRACK_SHORT_HEAP_H

#include <stdlib.h>

#include "engine/mem.h"

static int allow, live;

static void *count_get(void *ctx, size_t size) {
    (void)ctx;
    if (allow-- <= 0) return NULL;
    live++;
    return aligned_alloc(64, (size + 63) / 64 * 64);
}

static void count_put(void *ctx, void *p) {
    (void)ctx;
    if (p) live--;
    free(p);
}

static const gd_alloc hook = {NULL, count_get, count_put};

#endif
