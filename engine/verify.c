/* verify.c -- proves a graph well formed after every pass: order, arity, shapes, types. */
#include <string.h>

#include "engine/graph.h"

static gd_status broken(const gd_graph *g, int node, const char *after, const char *what,
                        int id, gd_error *err) {
    return gd_fail(err, GD_ERR_SHAPE, "after %s: node %d (%s '%s'): %s %d", after, node,
                   g->node[node].op->name, g->node[node].name, what, id);
}

/* A value may be read at `node` if it is a leaf or was made by an earlier node. */
static bool readable(const gd_graph *g, int node, int v) {
    if (v < 0 || v >= g->n_value) return false;
    return g->value[v].kind != GD_VALUE_NODE ||
           (g->value[v].producer >= 0 && g->value[v].producer < node);
}

static gd_status check_links(const gd_graph *g, int k, const char *after, gd_error *err) {
    const gd_node *n = &g->node[k];
    if (n->n_in < n->op->min_in || n->n_in > n->op->max_in || n->n_out != n->op->n_out)
        return broken(g, k, after, "wrong arity: inputs", n->n_in, err);
    for (int i = 0; i < n->n_in; i++)
        if (!(n->in[i] < 0 && i >= n->op->min_in) && !readable(g, k, n->in[i]))
            return broken(g, k, after, "reads a value not made yet: input", i, err);
    for (int i = 0; i < n->n_step; i++) {
        if (!(n->step[i].op->flags & GD_OP_EPILOGUE))
            return broken(g, k, after, "absorbed an operator that is no epilogue: step", i,
                          err);
        if (n->step[i].arg >= 0 && !readable(g, k, n->step[i].arg))
            return broken(g, k, after, "a step reads a value not made yet: step", i, err);
    }
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] < 0 || n->out[i] >= g->n_value || g->value[n->out[i]].producer != k)
            return broken(g, k, after, "does not own its output", i, err);
    return GD_OK;
}

static int reads_of(const gd_node *n, int v) {
    int reads = 0;
    for (int i = 0; i < n->n_in; i++) reads += n->in[i] == v;
    for (int i = 0; i < n->n_step; i++) reads += n->step[i].arg == v;
    return reads;
}

/* What node k updates is a variable, looks the same afterwards, and is read as it was before by
 * nobody behind k. */
static gd_status check_updates(const gd_graph *g, int k, const char *after, gd_error *err) {
    const gd_node *n = &g->node[k];
    for (int i = 0; i < n->n_out; i++) {
        if (!gd_graph_updates(g, n, i)) {
            if (n->op->flags & GD_OP_UPDATE)
                return broken(g, k, after, "updates what is no variable: input", i, err);
            continue;
        }
        const gd_tensor *x = &g->value[n->in[i]].t, *y = &g->value[n->out[i]].t;
        if (!gd_tensor_same_shape(x, y) || x->dtype != y->dtype)
            return broken(g, k, after, "an update changes the shape or type: output", i, err);
        if (reads_of(n, n->in[i]) != 1)
            return broken(g, k, after, "also reads what it updates: input", i, err);
        for (int j = k + 1; j < g->n_node; j++)
            if (reads_of(&g->node[j], n->in[i]))
                return broken(g, j, after, "reads a variable as it was before node", k, err);
    }
    return GD_OK;
}

static gd_status check_shapes(gd_graph *g, int k, const char *after, gd_error *err) {
    gd_launch l;
    gd_tensor fresh[GD_MAX_OUT];
    char      a[GD_SHAPE_TEXT], b[GD_SHAPE_TEXT];
    gd_graph_launch(g, k, &l);
    memset(fresh, 0, sizeof fresh);
    for (int i = 0; i < l.n_out; i++) l.out[i] = &fresh[i];
    GD_TRY(g->node[k].op->infer(&l, err));
    for (int i = 0; i < l.n_step; i++) {
        gd_tensor y = {0};
        gd_launch s = {.n_in = l.step[i].arg ? 2 : 1, .n_out = 1, .attr = l.step[i].attr};
        s.in[0] = &fresh[0];
        s.in[1] = l.step[i].arg;
        s.out[0] = &y;
        GD_TRY(l.step[i].op->infer(&s, err));
        if (!gd_tensor_same_shape(&y, &fresh[0]))
            return broken(g, k, after, "a step changes the shape: step", i, err);
        if (y.dtype != fresh[0].dtype && i + 1 < l.n_step)
            return broken(g, k, after, "a step that is not the last changes the type: step", i,
                          err);
        fresh[0].dtype = y.dtype;
    }
    for (int i = 0; i < l.n_out; i++) {
        const gd_tensor *t = &g->value[g->node[k].out[i]].t;
        if (!gd_tensor_same_shape(t, &fresh[i]) || t->dtype != fresh[i].dtype)
            return gd_fail(err, GD_ERR_SHAPE,
                           "after %s: node %d (%s '%s'): output %d is %s, inferred %s", after,
                           k, g->node[k].op->name, g->node[k].name, i, gd_tensor_text(t, a),
                           gd_tensor_text(&fresh[i], b));
    }
    return GD_OK;
}

gd_status gd_graph_verify(gd_graph *g, const char *after, gd_error *err) {
    for (int k = 0; k < g->n_node; k++) {
        GD_TRY(check_links(g, k, after, err));
        GD_TRY(check_shapes(g, k, after, err));
        GD_TRY(check_updates(g, k, after, err));
    }
    for (int i = 0; i < g->n_output; i++) {
        if (!readable(g, g->n_node, g->output[i]))
            return gd_fail(err, GD_ERR_SHAPE, "after %s: output '%s' is not made by any node",
                           after, g->output_name[i]);
        if (gd_graph_variable_of(g, g->output[i]) >= 0)
            return gd_fail(err, GD_ERR_SHAPE, "after %s: output '%s' is a variable", after,
                           g->output_name[i]);
    }
    return GD_OK;
}
