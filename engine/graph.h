/* graph.h -- values and nodes in SSA form: built once, then rewritten by passes.
 *
 * Values and nodes are named by index. Nodes stand in an order in which every input is produced
 * before it is read. All memory comes from one arena, which the caller frees. */
#ifndef GD_ENGINE_GRAPH_H
#define GD_ENGINE_GRAPH_H

#include "engine/arena.h"
#include "engine/op.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_value_kind {
    GD_VALUE_INPUT, /* filled by the caller before each run; or a variable */
    GD_VALUE_CONST, /* weights: t.data is final and outlives the graph */
    GD_VALUE_NODE   /* produced by a node */
} gd_value_kind;

typedef struct gd_value {
    gd_tensor     t;
    gd_value_kind kind;
    bool          variable; /* of an input: its bytes are the caller's and last (weights) */
    int           producer; /* node index, -1 for inputs and constants */
    const char   *name;     /* module path of a weight, name of an input; may be NULL */
} gd_value;

typedef struct gd_node_step {
    const gd_op *op;
    const void  *attr;
    int          arg; /* value of the second input, or -1 */
} gd_node_step;

struct gd_node {
    const gd_op *op;
    const void  *attr;
    int          n_in, n_out;
    int          in[GD_MAX_IN]; /* -1: optional input not given */
    int          out[GD_MAX_OUT];
    int          n_step; /* absorbed epilogue operators; they apply to out[0] */
    gd_node_step step[GD_MAX_STEP];
    const char  *name;       /* module path ("backbone.body.conv1"); never NULL */
    const char  *fused_name; /* module path of the last absorbed operator, else NULL */
};

struct gd_graph {
    gd_arena   *arena;
    gd_node    *node;
    int         n_node, cap_node;
    gd_value   *value;
    int         n_value, cap_value;
    int         n_output;
    int         output[16];
    const char *output_name[16];
    const char *scope; /* module path given to nodes added next; set by gd_graph_scope */
};

void gd_graph_init(gd_graph *g, gd_arena *arena);
/* Names nodes added from now on; the string is copied. NULL: "". */
gd_status gd_graph_scope(gd_graph *g, const char *path, gd_error *err) GD_MUST_CHECK;

gd_status gd_graph_input(gd_graph *g, const char *name, gd_dtype dtype, int ndim,
                         const int64_t *dim, int *out, gd_error *err) GD_MUST_CHECK;
/* An input whose bytes belong to the caller, are bound with gd_exec_bind, and keep what a run
 * leaves there: weights that train, momenta, running statistics. Nodes with GD_OP_UPDATE change
 * it; no node behind one of them may read the value from before, and no output may be it. */
gd_status gd_graph_variable(gd_graph *g, const char *name, gd_dtype dtype, int ndim,
                            const int64_t *dim, int *out, gd_error *err) GD_MUST_CHECK;
/* The variable whose bytes value v is: v itself, or what v is an update of; else -1. */
int gd_graph_variable_of(const gd_graph *g, int v);
/* Output i of the node is an update of its input i. */
bool gd_graph_updates(const gd_graph *g, const gd_node *n, int i);
/* A constant whose data stays the caller's and must outlive the graph. */
gd_status gd_graph_const(gd_graph *g, const char *name, const gd_tensor *t, int *out,
                         gd_error *err) GD_MUST_CHECK;
/* A constant with zeroed storage in the arena, to be filled through value[*out].t.data. */
gd_status gd_graph_const_new(gd_graph *g, const char *name, gd_dtype dtype, int ndim,
                             const int64_t *dim, int *out, gd_error *err) GD_MUST_CHECK;
/* Adds a node; in[i] = -1 leaves an optional input out. attr is copied. Fills out[0 ..
 * n_out). */
gd_status gd_graph_add(gd_graph *g, const char *op, const void *attr, int n_in, const int *in,
                       int *out, gd_error *err) GD_MUST_CHECK;
/* Marks a value as a result of the graph, found by name later. */
gd_status gd_graph_output(gd_graph *g, const char *name, int value,
                          gd_error *err) GD_MUST_CHECK;
int       gd_graph_find_output(const gd_graph *g, const char *name); /* value id or -1 */
int       gd_graph_find_input(const gd_graph *g, const char *name);

/* The launch of a node on the graph's own tensors (scratch, state and stream empty). */
void gd_graph_launch(gd_graph *g, int node, gd_launch *l);
/* Times each value is read by nodes, steps and outputs; `uses` has n_value entries. */
void gd_graph_uses(const gd_graph *g, int *uses);
/* Storage for every value that has none, from the arena: for tests and constant folding. */
gd_status gd_graph_give_storage(gd_graph *g, gd_error *err) GD_MUST_CHECK;
/* Runs nodes [from, n_node) by their reference kernels on that storage. */
gd_status gd_graph_run_reference(gd_graph *g, int from, gd_error *err) GD_MUST_CHECK;
/* Runs one prepared launch by the reference row, then its steps. Where it has FP16 tensors, in
 * FP32 on widened copies, rounding once at the end (reference.c). */
gd_status gd_node_run_reference(const gd_op *op, const gd_launch *l,
                                gd_error *err) GD_MUST_CHECK;

/* Every shape and type inferred anew and compared; order, arity and ids checked. `after` names
 * the pass for the message. A failure is a bug of a builder or a pass. */
gd_status gd_graph_verify(gd_graph *g, const char *after, gd_error *err) GD_MUST_CHECK;

/* ---- passes (engine/passes), graph to graph ---------------------------------------------- */

/* Batch norm and frozen affine into the convolution or linear before them; nodes that read only
 * constants are evaluated once. */
gd_status gd_pass_fold(gd_graph *g, gd_error *err) GD_MUST_CHECK;
/* With to = GD_F16: operators that can run in FP16, casts where types meet, weights converted.
 * Inputs and outputs of the graph keep their types. After fold, before fuse. Code 466: a weight
 * beyond what FP16 holds. GD_F32: nothing. */
gd_status gd_pass_precision(gd_graph *g, gd_dtype to, gd_error *err) GD_MUST_CHECK;
/* Where dev->tf32: weights become the nearest TF32 values. After fold. */
gd_status gd_pass_tf32(gd_graph *g, const gd_device_caps *dev, gd_error *err) GD_MUST_CHECK;
/* A producer whose kernel row lists it absorbs an EPILOGUE operator. */
gd_status gd_pass_fuse(gd_graph *g, const gd_device_caps *dev, gd_error *err) GD_MUST_CHECK;
/* Removes nodes nobody reads. */
gd_status gd_pass_dead(gd_graph *g, gd_error *err) GD_MUST_CHECK;

/* All of the above in the order of inference, the verifier behind each. */
gd_status gd_pass_all(gd_graph *g, const gd_device_caps *dev, gd_dtype precision,
                      gd_error *err) GD_MUST_CHECK;

/* ---- autodiff ---------------------------------------------------------------------------- */

/* Appends backward nodes: given d_seed[i] = d(loss)/d(seed[i]) it fills d_wrt[i] with the
 * value of d(loss)/d(wrt[i]), or -1 where the loss does not depend on it. */
gd_status gd_autodiff(gd_graph *g, int n_seed, const int *seed, const int *d_seed, int n_wrt,
                      const int *wrt, int *d_wrt, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
