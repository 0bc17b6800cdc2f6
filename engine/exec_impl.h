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
};

/* exec_choose.c: fills node[k].part with rows; launches are built on e->t. */
gd_status gd_exec_choose(gd_exec *e, gd_error *err) GD_MUST_CHECK;
/* The row for a launch, or an error naming the operator and its type. */
gd_status gd_kernel_choose(const gd_op *op, const gd_launch *l, const gd_device_caps *dev,
                           bool reference, const gd_kernel **out, gd_error *err) GD_MUST_CHECK;
/* Whether the device has what the row needs, and the user allowed what it does. */
bool gd_kernel_allowed(const gd_kernel *row, const gd_device_caps *dev);
/* Whether the row applies every step of the launch itself. */
bool gd_kernel_absorbs(const gd_kernel *row, const gd_launch *l);
/* exec_alias.c: views, joins and in-place outputs; fills alias, first, last, elides nodes. */
void gd_exec_alias(gd_exec *e);

#ifdef __cplusplus
}
#endif
#endif
