/* exec_trace.c -- times of nodes on a device, back to back as they run in a recorded graph.
 *
 * A node of a few microseconds is over before the host has started the next, so a pair of
 * marks around each node would mostly time the host. Here the lane is kept busy with fills
 * while a few dozen nodes and the marks between them are queued; then the device works them off
 * without a pause, and the distance of two marks is the time of a node and of one mark. */
#include "engine/exec_impl.h"

enum {
    FIRST = GD_MARK_END + 1, /* marks from here on are this file's */
    CHUNK = 40,              /* nodes between two waits */
    N_FILL = 12,             /* a fill of HOLD bytes takes about 20 us on a large GPU */
    HOLD = 64 << 20
};

/* Queues work that outlasts the queueing of a chunk. Without the room for it times grow. */
static gd_status keep_busy(gd_exec *e, gd_error *err) {
    gd_device *d = e->opt.device;
    gd_error   ignored;
    if (!e->hold && gd_device_alloc(d, HOLD, &e->hold, &ignored) != GD_OK) return GD_OK;
    gd_device_note(d, "fill");
    for (int i = 0; i < N_FILL; i++)
        GD_TRY(gd_device_fill(d, GD_LANE_RUN, e->hold, 0, HOLD, err));
    return GD_OK;
}

/* Nodes from *next on; moves *next behind them. */
static gd_status run_chunk(gd_exec *e, int *next, gd_error *err) {
    gd_device *d = e->opt.device;
    int        at[CHUNK], n = 0, k = *next;
    GD_TRY(keep_busy(e, err));
    GD_TRY(gd_device_mark(d, GD_LANE_RUN, FIRST, err));
    for (; k < e->g->n_node && n < CHUNK; k++) {
        if (!e->node[k].n_part) continue;
        GD_TRY(gd_exec_parts(e, k, err));
        at[n++] = k;
        GD_TRY(gd_device_mark(d, GD_LANE_RUN, FIRST + n, err));
    }
    *next = k;
    GD_TRY(gd_device_sync(d, GD_LANE_RUN, err));
    for (int i = 0; i < n; i++)
        GD_TRY(gd_device_elapsed(d, FIRST + i, FIRST + i + 1, &e->node[at[i]].ms, err));
    return GD_OK;
}

gd_status gd_exec_trace_nodes(gd_exec *e, gd_error *err) {
    for (int k = 0; k < e->g->n_node;) GD_TRY(run_chunk(e, &k, err));
    return GD_OK;
}
