/* autodiff.c -- walks a graph backward and lets each operator's grad append its nodes.
 *
 * One rule an operator, no second engine: the gradient is more nodes of the same graph. A value
 * read by several nodes gets the sum of their contributions, in the order the walk meets them,
 * so that the result is the same bits every time.
 *
 * Only nodes through which a gradient reaches what was asked for are walked. What their grad
 * makes beyond that (the gradient of a picture, of a frozen weight) is read by nobody: the dead
 * pass takes it. */
#include "engine/graph.h"

static const gd_op *accumulator(void) {
    for (const gd_op *const *p = gd_ops; *p; p++)
        if ((*p)->flags & GD_OP_ACCUMULATE) return *p;
    return NULL;
}

static gd_status accumulate(gd_graph *g, int *slot, int add, gd_error *err) {
    if (add < 0) return GD_OK;
    if (*slot < 0) {
        *slot = add;
        return GD_OK;
    }
    const gd_op *op = accumulator();
    if (!op) return gd_fail(err, GD_ERR_UNSUPPORTED, "no operator sums gradients");
    const int in[2] = {*slot, add};
    return gd_graph_add(g, op->name, NULL, 2, in, slot, err);
}

/* leads[v]: v is one of `wrt`, or is computed from one. */
static void find_leads(const gd_graph *g, int n_wrt, const int *wrt, bool *leads) {
    for (int i = 0; i < n_wrt; i++) leads[wrt[i]] = true;
    for (int k = 0; k < g->n_node; k++) {
        const gd_node *n = &g->node[k];
        bool           any = false;
        for (int i = 0; i < n->n_in; i++) any |= n->in[i] >= 0 && leads[n->in[i]];
        for (int i = 0; any && i < n->n_out; i++) leads[n->out[i]] = true;
    }
}

static gd_status back_one(gd_graph *g, int k, int *d, const bool *leads, gd_error *err) {
    const gd_node n = g->node[k]; /* a copy: the array may move while nodes are appended */
    int           d_out[GD_MAX_OUT], d_in[GD_MAX_IN];
    bool          wanted = false;
    for (int i = 0; i < n.n_out; i++)
        wanted |= (d_out[i] = d[n.out[i]]) >= 0 && leads[n.out[i]];
    if (!wanted) return GD_OK;
    if (n.n_step) return gd_fail(err, GD_ERR_ARG, "'%s': differentiate before fusing", n.name);
    if (!n.op->grad)
        return gd_fail(err, GD_ERR_UNSUPPORTED, "'%s': %s is not differentiable", n.name,
                       n.op->name);
    for (int i = 0; i < GD_MAX_IN; i++) d_in[i] = -1;
    GD_TRY(gd_graph_scope(g, n.name, err));
    GD_TRY(n.op->grad(g, &n, d_out, d_in, err));
    for (int i = 0; i < n.n_in; i++)
        if (n.in[i] >= 0 && leads[n.in[i]]) GD_TRY(accumulate(g, &d[n.in[i]], d_in[i], err));
    return GD_OK;
}

gd_status gd_autodiff(gd_graph *g, int n_seed, const int *seed, const int *d_seed, int n_wrt,
                      const int *wrt, int *d_wrt, gd_error *err) {
    const int n_value = g->n_value, n_node = g->n_node;
    int      *d = gd_arena_array(g->arena, (size_t)n_value + 1, sizeof *d);
    bool     *leads = gd_arena_array(g->arena, (size_t)n_value + 1, sizeof *leads);
    if (!d || !leads)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for the gradients of %d values", n_value);
    for (int i = 0; i < n_value; i++) d[i] = -1;
    for (int i = 0; i < n_wrt; i++) d_wrt[i] = -1;
    for (int i = 0; i < n_seed; i++) {
        if (!gd_tensor_same_shape(&g->value[seed[i]].t, &g->value[d_seed[i]].t))
            return gd_fail(err, GD_ERR_SHAPE, "seed %d differs in shape from its value", i);
        GD_TRY(accumulate(g, &d[seed[i]], d_seed[i], err));
    }
    find_leads(g, n_wrt, wrt, leads);
    for (int k = n_node - 1; k >= 0; k--) GD_TRY(back_one(g, k, d, leads, err));
    for (int i = 0; i < n_wrt; i++) d_wrt[i] = d[wrt[i]];
    return gd_graph_scope(g, NULL, err);
}
