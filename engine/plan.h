/* plan.h -- lifetimes to offsets in one slab.
 *
 *   value a |=====|            A value lives from the node that makes it to the last that reads
 *   value b    |======|        it. Values whose lives overlap get disjoint bytes, the largest
 *   value c          |==|      first, each at the lowest gap that is free for its life.
 *
 * Aliases (views, in-place outputs, joins) belong to a root and have no bytes of their own. */
#ifndef GD_ENGINE_PLAN_H
#define GD_ENGINE_PLAN_H

#include <stddef.h>

#include "engine/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_PLAN_ALIGN = 64 };

typedef struct gd_plan_item {
    size_t size;        /* bytes; 0: takes no room */
    int    first, last; /* node indices, both included: written at first, last read at last */
    size_t offset;      /* filled by gd_plan_place, a multiple of GD_PLAN_ALIGN */
} gd_plan_item;

/* Fills the offsets and the slab's size. GD_ERR_NOMEM when the arena ends, or when no machine
 * has the memory that the plan asks for. */
gd_status gd_plan_place(gd_plan_item *item, int n, gd_arena *arena, size_t *slab,
                        gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
