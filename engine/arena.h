/* arena.h -- bump allocation for things that die together (a graph, a parse, a plan).
 *
 * Nothing allocated here is freed on its own; gd_arena_free releases all of it. Start from
 * gd_arena a = {0}. Chunks come from gd_mem_get, so failing allocations reach arenas too. */
#ifndef GD_ENGINE_ARENA_H
#define GD_ENGINE_ARENA_H

#include <stddef.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_arena_chunk gd_arena_chunk;

typedef struct gd_arena {
    gd_arena_chunk *head;
    size_t          used; /* bytes handed out */
    size_t limit;         /* 0: none; else a request beyond it fails: a cap for hostile input */
} gd_arena;

/* Zeroed, 64-byte aligned; NULL when memory or the limit is exhausted. */
void *gd_arena_get(gd_arena *a, size_t size);
/* The same, but not zeroed: for what is written at once, in parallel. */
void *gd_arena_raw(gd_arena *a, size_t size);
/* Zeroed, unaligned beyond 8 bytes: for many small objects. */
void *gd_arena_small(gd_arena *a, size_t size);
/* n * size, the product checked. */
void *gd_arena_array(gd_arena *a, size_t n, size_t size);
/* A NUL-terminated copy of n bytes; of a whole string; of formatted text. */
char *gd_arena_bytes(gd_arena *a, const char *s, size_t n);
char *gd_arena_string(gd_arena *a, const char *s);
char *gd_arena_print(gd_arena *a, const char *fmt, ...) GD_PRINTF(2, 3);
void  gd_arena_free(gd_arena *a);

#ifdef __cplusplus
}
#endif
#endif
