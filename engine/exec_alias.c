/* exec_alias.c -- which values share storage: views, joins and in-place outputs.
 *
 * Values are SSA; an alias is a value that lives inside another's bytes. Four kinds:
 *   view      reshape, slice: the output is a window on the input, the node is elided
 *   join      concat: its inputs are written straight into their places, the node is elided
 *   in place  a pointwise output overwrites an input that dies there; not where it could be
 *             joined instead, which saves a copy
 *   update    what a node leaves of a variable is in the variable's bytes, always
 * A window whose pixels are not adjacent needs rows that accept any pitch (GD_ROW_PITCH) on
 * every side, and that still fit once the pitch is set: they were chosen on dense tensors.
 * Otherwise the operator's copying kernel runs. */
#include <string.h>

#include "engine/exec_impl.h"

static bool is_output(const gd_exec *e, int v) { return e->last[v] == e->g->n_node; }

static void find_lives(gd_exec *e) {
    const gd_graph *g = e->g;
    for (int v = 0; v < g->n_value; v++) {
        e->first[v] = g->value[v].kind == GD_VALUE_NODE ? g->value[v].producer : 0;
        e->last[v] = e->first[v];
        e->alias[v] = (gd_alias){v, 0};
    }
    for (int k = 0; k < g->n_node; k++) {
        const gd_node *n = &g->node[k];
        for (int i = 0; i < n->n_in; i++)
            if (n->in[i] >= 0) e->last[n->in[i]] = k;
        for (int i = 0; i < n->n_step; i++)
            if (n->step[i].arg >= 0) e->last[n->step[i].arg] = k;
    }
    for (int i = 0; i < g->n_output; i++) e->last[g->output[i]] = g->n_node;
    for (int v = 0; v < g->n_value && e->opt.keep_inputs; v++)
        if (g->value[v].kind == GD_VALUE_INPUT) e->last[v] = g->n_node;
}

/* Node k runs with the pitches that its tensors have now. */
static bool rows_take_pitch(const gd_exec *e, int k) {
    const gd_exec_node *x = &e->node[k];
    for (int i = 0; i < x->n_part; i++) {
        const gd_kernel *row = x->part[i].row;
        if (!(row->flags & GD_ROW_PITCH)) return false;
        if (row->fits && !row->fits(&x->part[i].l, &e->dev)) return false;
    }
    return true;
}

/* Every node that reads value v, node `but` aside, runs with the pitch that v has now. */
static bool readers_take_pitch(const gd_exec *e, int v, int but) {
    const gd_graph *g = e->g;
    for (int k = e->first[v]; k <= e->last[v] && k < g->n_node; k++) {
        const gd_node *n = &g->node[k];
        bool           reads = false;
        if (k == but || e->node[k].n_part == 0) continue;
        for (int i = 0; i < n->n_in; i++) reads |= n->in[i] == v;
        for (int i = 0; i < n->n_step; i++) reads |= n->step[i].arg == v;
        if (reads && !rows_take_pitch(e, k)) return false;
    }
    return true;
}

static void set_alias(gd_exec *e, int v, int into, size_t offset) {
    const gd_alias a = e->alias[into];
    e->alias[v] = (gd_alias){a.root, a.offset + offset};
}

/* On a device tensors begin at multiples of 16 bytes, and so do their pixels unless they are
 * packed: rows there load whole groups of channels. */
static bool window_fits(const gd_exec *e, const gd_tensor *t, size_t offset) {
    const size_t apart = (size_t)t->pitch * gd_dtype_size(t->dtype);
    return e->dev.backend == GD_CPU ||
           (offset % 16 == 0 && (gd_tensor_dense(t) || apart % 16 == 0));
}

/* A window on a variable shows what an update leaves: none for whoever reads behind one. */
static bool outlives_variable(const gd_exec *e, int v, int y) {
    const int root = e->alias[v].root;
    if (!e->g->value[root].variable) return false;
    if (is_output(e, y)) return true;
    for (int k = e->first[y]; k <= e->last[y]; k++)
        for (int i = 0; i < e->g->node[k].n_out; i++)
            if (gd_graph_updates(e->g, &e->g->node[k], i) &&
                gd_graph_variable_of(e->g, e->g->node[k].in[i]) == root)
                return true;
    return false;
}

static void alias_updates(gd_exec *e, int k) {
    const gd_node *n = &e->g->node[k];
    for (int i = 0; i < n->n_out; i++)
        if (gd_graph_updates(e->g, n, i)) set_alias(e, n->out[i], n->in[i], 0);
}

static bool try_view(gd_exec *e, int k) {
    const gd_node *n = &e->g->node[k];
    gd_launch     *l = &e->node[k].part[0].l;
    gd_tensor     *y = &e->t[n->out[0]];
    const int64_t  dense = y->pitch;
    size_t         offset = 0;
    if (!n->op->view || n->n_step || !n->op->view(l, &offset)) {
        y->pitch = dense;
        return false;
    }
    /* A graph's result is read by callers that expect it dense; a bound input may move. */
    if (!window_fits(e, y, offset) || outlives_variable(e, n->in[0], n->out[0]) ||
        (!gd_tensor_dense(y) &&
         (is_output(e, n->out[0]) || !readers_take_pitch(e, n->out[0], k)))) {
        y->pitch = dense;
        return false;
    }
    set_alias(e, n->out[0], n->in[0], offset);
    e->node[k].n_part = 0;
    return true;
}

/* A later node writes over y's bytes (in place) although `until` still reads what was
 * joined. */
static bool overwritten(const gd_exec *e, int y, int k, int until) {
    for (int w = 0; w < e->g->n_value; w++) {
        const int by = e->g->value[w].producer;
        if (w != y && e->alias[w].root == e->alias[y].root && by > k && by <= until &&
            e->node[by].n_part)
            return true;
    }
    return false;
}

/* All inputs of a join must be free to live in the output, or none is moved. */
static bool join_fits(gd_exec *e, int k, size_t *offset) {
    const gd_node   *n = &e->g->node[k];
    const gd_launch *l = &e->node[k].part[0].l;
    if (!n->op->join || n->n_step || n->n_in > GD_MAX_IN) return false;
    for (int i = 0; i < n->n_in; i++) {
        const int v = n->in[i];
        if (e->g->value[v].kind != GD_VALUE_NODE || is_output(e, v)) return false;
        if (e->alias[v].root != v || !n->op->join(l, i, &offset[i])) return false;
        if (e->last[v] > k && overwritten(e, n->out[0], k, e->last[v])) return false;
        for (int j = 0; j < i; j++)
            if (n->in[j] == v) return false;
        for (int w = 0; w < e->g->n_value;
             w++) /* others live inside v: they would not follow */
            if (w != v && e->alias[w].root == v) return false;
    }
    return true;
}

/* Gives the inputs of a join the pitch of its output; back to what they had, and false, where a
 * row cannot do with that. All are set before the first is asked: a node may touch several. */
static bool set_pitches(gd_exec *e, int k, const size_t *offset) {
    const gd_node *n = &e->g->node[k];
    const int64_t  pitch = e->t[n->out[0]].pitch;
    int64_t        before[GD_MAX_IN];
    bool           ok = true;
    for (int i = 0; i < n->n_in; i++) {
        gd_tensor *t = &e->t[n->in[i]];
        before[i] = t->pitch;
        if (gd_tensor_pixels(t) > 1) t->pitch = pitch;
    }
    for (int i = 0; i < n->n_in && ok; i++) {
        const int v = n->in[i];
        ok = window_fits(e, &e->t[v], offset[i]) &&
             (gd_tensor_dense(&e->t[v]) ||
              (rows_take_pitch(e, e->g->value[v].producer) && readers_take_pitch(e, v, k)));
    }
    for (int i = 0; i < n->n_in && !ok; i++) e->t[n->in[i]].pitch = before[i];
    return ok;
}

static void try_join(gd_exec *e, int k) {
    const gd_node *n = &e->g->node[k];
    const int      y = n->out[0];
    size_t         offset[GD_MAX_IN];
    if (!join_fits(e, k, offset) || !set_pitches(e, k, offset)) return;
    for (int i = 0; i < n->n_in; i++) {
        set_alias(e, n->in[i], y, offset[i]);
        if (e->first[n->in[i]] < e->first[y]) e->first[y] = e->first[n->in[i]];
    }
    e->node[k].n_part = 0;
}

/* v dies at node k, nothing else lives in its bytes then, and it is not a leaf. */
static bool dies_alone(const gd_exec *e, int v, int k) {
    const int root = e->alias[v].root;
    if (e->g->value[root].kind != GD_VALUE_NODE || e->last[v] != k) return false;
    for (int w = 0; w < e->g->n_value; w++)
        if (w != v && e->alias[w].root == root && e->last[w] >= k) return false;
    return true;
}

static bool read_once(const gd_node *n, int v) {
    int reads = 0;
    for (int i = 0; i < n->n_in; i++) reads += n->in[i] == v;
    for (int i = 0; i < n->n_step; i++) reads += n->step[i].arg == v;
    return reads == 1;
}

static bool try_overwrite(gd_exec *e, int k, int v) {
    const gd_node *n = &e->g->node[k];
    gd_tensor     *y = &e->t[n->out[0]];
    if (v < 0 || !read_once(n, v) || !dies_alone(e, v, k)) return false;
    if (e->t[v].dtype != y->dtype || !gd_tensor_same_shape(&e->t[v], y)) return false;
    if (!gd_tensor_dense(&e->t[v]) || !gd_tensor_dense(y)) return false;
    set_alias(e, n->out[0], v, 0);
    return true;
}

/* Somebody would take value v as a part of its output, which must then be v's alone. */
static bool feeds_join(const gd_exec *e, int v) {
    for (int k = e->first[v] + 1; k <= e->last[v] && k < e->g->n_node; k++) {
        const gd_node *n = &e->g->node[k];
        for (int i = 0; n->op->join && i < n->n_in; i++)
            if (n->in[i] == v) return true;
    }
    return false;
}

static void try_inplace(gd_exec *e, int k) {
    const gd_node *n = &e->g->node[k];
    if (feeds_join(e, n->out[0])) return;
    if ((n->op->flags & GD_OP_INPLACE) && try_overwrite(e, k, n->in[0])) return;
    if (e->node[k].n_part == 1 && (e->node[k].part[0].row->flags & GD_ROW_STEP_INPLACE))
        for (int i = 0; i < n->n_step; i++)
            if (n->step[i].arg >= 0 && try_overwrite(e, k, n->step[i].arg)) return;
}

/* A root lives as long as the longest-lived value inside it. */
static void widen_roots(gd_exec *e) {
    for (int v = 0; v < e->g->n_value; v++) {
        const int r = e->alias[v].root;
        if (e->first[v] < e->first[r]) e->first[r] = e->first[v];
        if (e->last[v] > e->last[r]) e->last[r] = e->last[v];
    }
}

/* A value aliased into a join's output keeps following when that output is itself aliased. */
static void resolve_roots(gd_exec *e) {
    for (int v = 0; v < e->g->n_value; v++)
        while (e->alias[e->alias[v].root].root != e->alias[v].root) {
            const gd_alias up = e->alias[e->alias[v].root];
            e->alias[v] = (gd_alias){up.root, e->alias[v].offset + up.offset};
        }
}

void gd_exec_alias(gd_exec *e) {
    find_lives(e);
    for (int k = 0; k < e->g->n_node; k++) {
        alias_updates(e, k);
        if (try_view(e, k)) continue;
        try_inplace(e, k);
    }
    for (int k = e->g->n_node - 1; k >= 0; k--) /* outermost joins first: they may nest */
        if (e->node[k].n_part) try_join(e, k);
    resolve_roots(e);
    widen_roots(e);
}
