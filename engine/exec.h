/* exec.h -- a graph planned for one shape on one device, ready to run again and again.
 *
 * Opening chooses a kernel row for each node, prepares it (packs weights), plans memory and
 * allocates one slab and one scratch area. Running allocates nothing, and uses the threads that
 * the caps named at opening (CPU: n_sm; 0: gd_cpu_threads()).
 *
 * On a device all of that is device memory, constants come from a pool that graphs share, and
 * outputs lie side by side so that one copy brings them to the host. The first run launches
 * kernel by kernel, the second records what it launches, and every later one replays that. */
#ifndef GD_ENGINE_EXEC_H
#define GD_ENGINE_EXEC_H

#include "engine/const_pool.h"
#include "engine/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_exec gd_exec;

/* Called after each node that ran, while its outputs hold their values; a failure ends the
 * run. */
typedef gd_status (*gd_exec_watch)(void *ctx, gd_exec *e, int node, gd_error *err);

typedef struct gd_exec_options {
    bool           trace;          /* keep a time for each node */
    bool           check_numerics; /* stop at the first node with NaN or Inf */
    bool           poison; /* NaN over a value's bytes once its last reader is done (tests) */
    bool           reference; /* reference rows only */
    gd_exec_watch  watch;     /* NULL: none */
    void          *watch_ctx;
    gd_device     *device;      /* NULL: the host; else `dev` of gd_exec_open are caps of it */
    gd_const_pool *pool;        /* of that device; NULL: one for this exec alone */
    bool           eager;       /* never record and replay (tests) */
    bool           keep_inputs; /* inputs keep their bytes until they are written again */
    bool           plan_only; /* rows, places and sizes, for gd_exec_stats_get: nothing else is
                               * allocated or prepared, and it cannot run */
} gd_exec_options;

/* The graph and its arena must outlive the exec and are not changed by it. */
gd_status gd_exec_open(gd_graph *g, const gd_device_caps *dev, const gd_exec_options *opt,
                       gd_exec **out, gd_error *err) GD_MUST_CHECK;
void      gd_exec_close(gd_exec *e);

/* The tensor of a value, with its address in the slab (on a device: not for the host to touch).
 * Inputs on the host may be written between runs, or pointed at the caller's memory with
 * gd_exec_bind. */
gd_tensor *gd_exec_tensor(gd_exec *e, int value);
/* Makes an input read the caller's memory instead (dense, same shape): a device's where the
 * exec is on one, aligned to 16 bytes, and there the next run is recorded anew. A variable has
 * no other memory: without a binding of each, a run fails. */
void gd_exec_bind(gd_exec *e, int value, void *data);
/* Fills `bytes` of an input from `offset` on. On a device the copy is queued, on its copy lane,
 * and the next run waits for it; pinned memory must stay as it is until that run ends. */
gd_status gd_exec_write(gd_exec *e, int value, size_t offset, const void *data, size_t bytes,
                        gd_error *err) GD_MUST_CHECK;
/* Rows of an input at once, from `offset` on; r->dst is not looked at. */
gd_status gd_exec_write_rows(gd_exec *e, int value, size_t offset, const gd_rows *r,
                             gd_error *err) GD_MUST_CHECK;
/* Bytes of an input from memory of the device that the exec is on. */
gd_status gd_exec_copy(gd_exec *e, int value, size_t offset, const void *data, size_t bytes,
                       gd_error *err) GD_MUST_CHECK;
/* Copies any dense value to the host, once all that was queued is done (a watch, tests). */
gd_status gd_exec_read(gd_exec *e, int value, void *data, gd_error *err) GD_MUST_CHECK;

gd_status gd_exec_run(gd_exec *e, gd_error *err) GD_MUST_CHECK;
/* The halves of gd_exec_run: on a device `start` queues the work and the copy of results. */
gd_status gd_exec_start(gd_exec *e, gd_error *err) GD_MUST_CHECK;
gd_status gd_exec_wait(gd_exec *e, gd_error *err) GD_MUST_CHECK;
/* Time of the last run, its nodes and on a device the copy of its results, after a wait. */
gd_status gd_exec_ms(gd_exec *e, double *ms, gd_error *err) GD_MUST_CHECK;
/* An output of the graph where the host can read it, valid after a run until the next. */
const gd_tensor *gd_exec_output(const gd_exec *e, int value);

typedef struct gd_exec_stats {
    size_t slab_bytes, scratch_bytes, const_bytes; /* const: weights of the graph */
    size_t variable_bytes;   /* what must be bound, nothing of it the exec's */
    size_t sum_bytes;        /* activations without sharing, for comparison */
    size_t packed_bytes;     /* what rows allocated for themselves on a device */
    size_t new_const_bytes;  /* of const_bytes on a device, what no other exec had there */
    double prepare_ms;       /* packing weights, and copying them to the device */
    double record_ms;        /* recording a run for replays */
    int    n_node, n_launch; /* n_launch: nodes that run */
    bool   replays;          /* runs are replays of a recording now */
} gd_exec_stats;
void gd_exec_stats_get(const gd_exec *e, gd_exec_stats *s);

/* Row i of the trace (ms is of the last run); false beyond the last node. */
bool gd_exec_trace(const gd_exec *e, int i, gd_trace_row *row);

#ifdef __cplusplus
}
#endif
#endif
