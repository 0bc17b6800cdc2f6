/* plan.c -- lifetimes to offsets in one slab, largest first, lowest gap; see plan.h. */
#include "engine/plan.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* No machine holds that much; sums of a few such sizes still fit. */
static const size_t MOST_BYTES = SIZE_MAX / 8;

static size_t rounded(size_t n) {
    return (n + GD_PLAN_ALIGN - 1) / GD_PLAN_ALIGN * GD_PLAN_ALIGN;
}

typedef struct ranked {
    gd_plan_item *item;
    int           index;
} ranked;

/* Largest first; index breaks ties, so that a plan depends on the graph alone. */
static int by_size(const void *pa, const void *pb) {
    const ranked *a = pa, *b = pb;
    if (a->item->size != b->item->size) return a->item->size > b->item->size ? -1 : 1;
    return a->index - b->index;
}

/* The placed items, kept in order of their offsets, so that one walk finds the lowest gap. */
static size_t lowest_gap(gd_plan_item *const *placed, int n, const gd_plan_item *it) {
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        const gd_plan_item *p = placed[i];
        if (p->last < it->first || it->last < p->first) continue;
        if (p->offset >= at + rounded(it->size)) break;
        size_t end = p->offset + rounded(p->size);
        if (end > at) at = end;
    }
    return at;
}

gd_status gd_plan_place(gd_plan_item *item, int n, gd_arena *arena, size_t *slab,
                        gd_error *err) {
    int    n_placed = 0;
    size_t top = 0;
    *slab = 0;
    ranked        *order = gd_arena_array(arena, (size_t)n + 1, sizeof *order);
    gd_plan_item **placed = gd_arena_array(arena, (size_t)n + 1, sizeof *placed);
    if (!order || !placed) return gd_fail(err, GD_ERR_NOMEM, "no memory to plan %d values", n);
    for (int i = 0; i < n; i++) order[i] = (ranked){&item[i], i};
    qsort(order, (size_t)n, sizeof *order, by_size);
    for (int k = 0; k < n; k++) {
        gd_plan_item *it = order[k].item;
        it->offset = 0;
        if (!it->size) continue;
        if (it->size > MOST_BYTES)
            return gd_fail(err, GD_ERR_NOMEM, "no memory for a value of %zu bytes", it->size);
        it->offset = lowest_gap(placed, n_placed, it);
        int j = n_placed++;
        for (; j > 0 && placed[j - 1]->offset > it->offset; j--) placed[j] = placed[j - 1];
        placed[j] = it;
        const size_t end = it->offset + rounded(it->size);
        if (end > top) top = end;
        if (end > MOST_BYTES)
            return gd_fail(err, GD_ERR_NOMEM, "no memory for activations of %zu bytes", end);
    }
    *slab = top;
    return GD_OK;
}
