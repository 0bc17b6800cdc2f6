/* exec.h -- a graph planned for one shape on one device, ready to run again and again.
 *
 * Opening chooses a kernel row for each node, prepares it (packs weights), plans memory and
 * allocates one slab and one scratch area. Running allocates nothing, and uses the threads that
 * the caps named at opening (CPU: n_sm; 0: gd_cpu_threads()). */
#ifndef GD_ENGINE_EXEC_H
#define GD_ENGINE_EXEC_H

#include "engine/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_exec gd_exec;

/* Called after each node that ran, while its outputs hold their values; a failure ends the
 * run. */
typedef gd_status (*gd_exec_watch)(void *ctx, gd_exec *e, int node, gd_error *err);

typedef struct gd_exec_options {
    bool          trace;          /* keep a time for each node */
    bool          check_numerics; /* stop at the first node with NaN or Inf */
    bool          poison;    /* NaN over a value's bytes once its last reader is done (tests) */
    bool          reference; /* reference rows only */
    bool          plan_only; /* rows, places and sizes, for gd_exec_stats_get: nothing else is
                              * allocated or prepared, and it cannot run */
    gd_exec_watch watch;     /* NULL: none */
    void         *watch_ctx;
} gd_exec_options;

/* The graph and its arena must outlive the exec and are not changed by it. */
gd_status gd_exec_open(gd_graph *g, const gd_device_caps *dev, const gd_exec_options *opt,
                       gd_exec **out, gd_error *err) GD_MUST_CHECK;
void      gd_exec_close(gd_exec *e);

/* The tensor of a value, with its address in the slab. Inputs may be written between runs, or
 * pointed at the caller's memory with gd_exec_bind. */
gd_tensor *gd_exec_tensor(gd_exec *e, int value);
/* Makes an input read the caller's memory instead (dense, same shape). */
void      gd_exec_bind(gd_exec *e, int value, void *data);
gd_status gd_exec_run(gd_exec *e, gd_error *err) GD_MUST_CHECK;

typedef struct gd_exec_stats {
    size_t slab_bytes, scratch_bytes, const_bytes; /* const: weights of the graph */
    size_t sum_bytes;  /* activations without sharing, for comparison */
    double prepare_ms; /* packing weights, and copying them to the device */
    int    n_node;
} gd_exec_stats;
void gd_exec_stats_get(const gd_exec *e, gd_exec_stats *s);

/* Row i of the trace (ms is of the last run); false beyond the last node. */
bool gd_exec_trace(const gd_exec *e, int i, gd_trace_row *row);

#ifdef __cplusplus
}
#endif
#endif
