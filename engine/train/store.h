/* store.h -- tensors that outlive runs: weights, momenta, running values, where they are used.
 *
 * Graphs of several shapes train the same weights: each is bound to the store by the names of
 * its variables. All tensors lie in one block of the host or of a device, each at a multiple of
 * GD_DEVICE_ALIGN. */
#ifndef GD_ENGINE_TRAIN_STORE_H
#define GD_ENGINE_TRAIN_STORE_H

#include "engine/exec.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_store gd_store;

/* Takes every variable of the graph under its name, zeroed. device NULL: on the host; it must
 * outlive the store. */
gd_status gd_store_open(const gd_graph *g, gd_device *device, gd_store **out,
                        gd_error *err) GD_MUST_CHECK;
void      gd_store_close(gd_store *s); /* NULL is allowed; no exec runs on it any more */

/* Points every variable of the exec's graph, which may be another one, at the store's tensor of
 * its name. GD_ERR_SHAPE or GD_ERR_ARG names the first that is missing or of another kind. */
gd_status gd_store_bind(gd_store *s, const gd_graph *g, gd_exec *e,
                        gd_error *err) GD_MUST_CHECK;

/* Tensors 0 .. count - 1, in the order of the graph's variables. */
int         gd_store_count(const gd_store *s);
const char *gd_store_name(const gd_store *s, int i);
/* Dense; its address is the device's where there is one. */
const gd_tensor *gd_store_tensor(const gd_store *s, int i);
int              gd_store_find(const gd_store *s, const char *name); /* -1: none of that name */
size_t           gd_store_bytes(const gd_store *s);

/* Between runs: all bytes of tensor i from and to the host. */
gd_status gd_store_set(gd_store *s, int i, const void *data, gd_error *err) GD_MUST_CHECK;
gd_status gd_store_get(gd_store *s, int i, void *data, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
