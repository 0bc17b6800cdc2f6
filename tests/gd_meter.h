/* gd_meter.h -- a heap that counts and fails the n-th request: for tests of memory running out.
 *
 *     meter          m = {.fail_at = n};
 *     const gd_alloc hook = {&m, meter_get, meter_put};
 *     gd_mem_hook(&hook); ... gd_mem_hook(NULL);
 *
 * m.live is then what leaked, m.count < n tells that the work needs fewer requests than n. */
#ifndef GD_TESTS_GD_METER_H
#define GD_TESTS_GD_METER_H

#include <stdlib.h>

#include "engine/mem.h"

typedef struct meter {
    long fail_at, count, live;
} meter;

static void *meter_get(void *ctx, size_t n) {
    meter *m = ctx;
    if (++m->count == m->fail_at) return NULL;
    m->live++;
    return aligned_alloc(64, n);
}

static void meter_put(void *ctx, void *p) {
    ((meter *)ctx)->live--;
    free(p);
}

#endif
