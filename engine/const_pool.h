/* const_pool.h -- constants of graphs on a device, kept once however many graphs read them.
 *
 * Graphs planned for other shapes of one model fold to the same weights at other addresses, so
 * constants are known by content (XXH3, 128 bits). Those that a graph is the first to need are
 * laid into one allocation, a chunk, which goes when the last graph that uses it is closed. */
#ifndef GD_ENGINE_CONST_POOL_H
#define GD_ENGINE_CONST_POOL_H

#include "engine/device.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_const_pool gd_const_pool;
typedef struct gd_const_use  gd_const_use; /* what one graph holds */

gd_status gd_const_pool_open(gd_device *d, gd_const_pool **out, gd_error *err) GD_MUST_CHECK;
void      gd_const_pool_close(gd_const_pool *p); /* NULL is allowed; no use is left */

/* Puts n dense host tensors on the device and their addresses in at[0 .. n). The uploads are
 * queued on GD_LANE_RUN. *bytes: what was newly allocated. On failure nothing is held. */
gd_status gd_const_pool_take(gd_const_pool *p, const gd_tensor *const *t, int n, void **at,
                             size_t *bytes, gd_const_use **out, gd_error *err) GD_MUST_CHECK;
void      gd_const_pool_drop(gd_const_pool *p, gd_const_use *u); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
