/* mem.h -- the one door to the heap, so that a test can make the n-th request fail. */
#ifndef GD_ENGINE_MEM_H
#define GD_ENGINE_MEM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_alloc {
    void *ctx;
    void *(*get)(void *ctx, size_t size); /* 64-byte aligned, or NULL */
    void (*put)(void *ctx, void *ptr);
} gd_alloc;

/* Replaces the allocator of the whole process; NULL restores the default. For tests: nothing
 * may be live across the call. */
void gd_mem_hook(const gd_alloc *hook);

/* 64-byte aligned and uninitialised; NULL when memory is exhausted. Size 0 gives a pointer. */
void *gd_mem_get(size_t size);
void *gd_mem_get_zero(size_t size);
/* n * size with the product checked; zeroed. */
void *gd_mem_array(size_t n, size_t size);
/* Moves `old` bytes of `p` to a block of `size`; on failure NULL, and `p` stays valid. */
void *gd_mem_grow(void *p, size_t old, size_t size);
void  gd_mem_put(void *p); /* NULL is allowed */
/* A copy of a string, or NULL. */
char *gd_mem_string(const char *s);
/* The same heap as zlib asks for it: z_stream.zalloc and .zfree. */
void *gd_mem_zalloc(void *ctx, unsigned n, unsigned size);
void  gd_mem_zfree(void *ctx, void *p);

#ifdef __cplusplus
}
#endif
#endif
