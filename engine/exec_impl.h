/* exec_impl.h -- what the files of exec share: choice of rows, aliases, execution. */
#ifndef GD_ENGINE_EXEC_IMPL_H
#define GD_ENGINE_EXEC_IMPL_H

#include "engine/backend.h"
#include "engine/exec.h"
#include "engine/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One kernel run: a node's row, or one of its steps run on its own. */
typedef struct gd_exec_part {
    const gd_kernel *row;
    void            *state;
    gd_launch        l; /* points at exec's tensors; fixed after open */
} gd_exec_part;

typedef struct gd_exec_node {
    int          n_part; /* 0: elided, its output is an alias */
    gd_exec_part part[1 + GD_MAX_STEP];
    double       ms;
} gd_exec_node;

/* Where a value lives: at `offset` bytes inside its root value's storage. */
typedef struct gd_alias {
    int    root;
    size_t offset;
} gd_alias;

/* Marks of a device around a run; those behind them are exec_trace.c's. */
enum { GD_MARK_START = 2, GD_MARK_END = 3 };

struct gd_exec {
    gd_arena        arena;
    gd_graph       *g;
    gd_device_caps  dev;
    gd_exec_options opt;
    gd_tensor      *t; /* one for each value of the graph */
    gd_alias       *alias;
    int            *first, *last; /* by value: the node that makes it, the last that reads it */
    gd_exec_node   *node;
    gd_plan_item   *item; /* by value; size 0 for aliases, constants and bound inputs */
    unsigned char  *slab, *scratch;
    gd_exec_stats   stats;
    double          run_ms;    /* of the last run on the host */
    int             n_unbound; /* variables without memory */

    /* On a device only: */
    gd_const_pool *own_pool; /* where the caller brought none */
    gd_const_use  *consts;
    gd_tensor     *output;       /* host side of g->output[], in its order */
    unsigned char *result;       /* pinned; the first result_bytes of the slab */
    size_t         result_bytes; /* outputs of the graph, side by side */
    void          *recorded;     /* gd_device_captured */
    void          *hold;         /* exec_trace.c: what fills keep the device busy with */
    bool           ran, written; /* written: the copy lane has work that a run must wait for */
};

/* exec_choose.c: fills node[k].part with rows; launches are built on e->t. */
gd_status gd_exec_choose(gd_exec *e, gd_error *err) GD_MUST_CHECK;
/* The row for a launch, or an error naming the operator and its type. */
gd_status gd_kernel_choose(const gd_op *op, const gd_launch *l, const gd_device_caps *dev,
                           bool reference, const gd_kernel **out, gd_error *err) GD_MUST_CHECK;
/* Whether the device has what the row needs, and the user allowed what it does. */
bool gd_kernel_allowed(const gd_kernel *row, const gd_device_caps *dev);
/* Whether the row applies every step of the launch itself. */
bool   gd_kernel_absorbs(const gd_kernel *row, const gd_launch *l);
double gd_exec_now_ms(void);
/* Memory of the slab and of scratch: the device's where there is one. */
gd_status gd_exec_get(gd_exec *e, size_t size, const char *what, unsigned char **out,
                      gd_error *err) GD_MUST_CHECK;
void      gd_exec_put(gd_exec *e, unsigned char *p);
gd_status gd_exec_fill(gd_exec *e, unsigned char *p, size_t size, gd_error *err) GD_MUST_CHECK;
/* Runs every node, one by one; the host's clock times them. */
gd_status gd_exec_nodes(gd_exec *e, gd_error *err) GD_MUST_CHECK;
/* Queues the kernels of node k. */
gd_status gd_exec_parts(gd_exec *e, int k, gd_error *err) GD_MUST_CHECK;
/* exec_trace.c: the same as gd_exec_nodes on a device, timed by its own clock. */
gd_status gd_exec_trace_nodes(gd_exec *e, gd_error *err) GD_MUST_CHECK;

/* exec_device.c: outputs get the first bytes of the slab; constants that some row reads at run
 * time move to the device, and their tensors then point there; start, wait and the end. */
void      gd_exec_place_outputs(gd_exec *e);
gd_status gd_exec_send_constants(gd_exec *e, gd_error *err) GD_MUST_CHECK;
gd_status gd_exec_device_ready(gd_exec *e, gd_error *err) GD_MUST_CHECK;
gd_status gd_exec_device_start(gd_exec *e, gd_error *err) GD_MUST_CHECK;
/* What was recorded holds no more; the last run is done. */
void gd_exec_device_forget(gd_exec *e);
void gd_exec_device_close(gd_exec *e);

/* exec_alias.c: views, joins and in-place outputs; fills alias, first, last, elides nodes. */
void gd_exec_alias(gd_exec *e);

#ifdef __cplusplus
}
#endif
#endif
