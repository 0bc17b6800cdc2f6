/* fold.c -- the pass that computes once what does not depend on the picture.
 *
 * Two rewrites, both on constants: a node that is a per-channel affine with constant parameters
 * (batch norm at inference) is folded into the convolution or linear that feeds it alone, and a
 * node that reads only constants (or only shapes) becomes a constant itself. Where the weights
 * before the affine are variables, nodes scale them at every run: the gradient then goes
 * through weights, which are few, and not through pictures. */
#include <string.h>

#include "engine/graph.h"

static void redirect(gd_graph *g, int from, int to) {
    for (int k = 0; k < g->n_node; k++) {
        gd_node *n = &g->node[k];
        for (int i = 0; i < n->n_in; i++)
            if (n->in[i] == from) n->in[i] = to;
        for (int i = 0; i < n->n_step; i++)
            if (n->step[i].arg == from) n->step[i].arg = to;
    }
    for (int i = 0; i < g->n_output; i++)
        if (g->output[i] == from) g->output[i] = to;
}

/* Weights that are known now, or variables: whatever else changes cannot be folded into. */
static bool foldable(const gd_graph *g, const gd_node *p) {
    for (int i = 1; i < p->n_in; i++)
        if (p->in[i] >= 0 && g->value[p->in[i]].kind != GD_VALUE_CONST &&
            !g->value[p->in[i]].variable)
            return false;
    return true;
}

/* The nodes from `from` on stand in front of node k now, which moves behind them. */
static gd_status move_before(gd_graph *g, int k, int from, gd_error *err) {
    const size_t n = (size_t)(g->n_node - from), passed = (size_t)(from - k);
    gd_node     *moved = gd_arena_array(g->arena, n + 1, sizeof *moved);
    if (!moved) return gd_fail(err, GD_ERR_NOMEM, "no memory to fold %d nodes", g->n_node);
    if (!n) return GD_OK;
    memcpy(moved, &g->node[from], n * sizeof *moved);
    memmove(&g->node[k + (int)n], &g->node[k], passed * sizeof *moved);
    memcpy(&g->node[k], moved, n * sizeof *moved);
    for (int j = k; j < g->n_node; j++)
        for (int i = 0; i < g->node[j].n_out; i++) g->value[g->node[j].out[i]].producer = j;
    return GD_OK;
}

static gd_status try_affine(gd_graph *g, int k, int *uses, gd_error *err) {
    const gd_node n = g->node[k];
    if (!n.op->as_affine || n.n_step) return GD_OK;
    const int x = n.in[0], maker = g->value[x].producer;
    if (maker < 0 || uses[x] != 1) return GD_OK;
    const gd_node *p = &g->node[maker];
    if (!p->op->fold_affine || p->n_step || p->out[0] != x) return GD_OK;
    const size_t channels = (size_t)gd_tensor_channels(&g->value[x].t);
    double      *scale = gd_arena_array(g->arena, channels, sizeof *scale);
    double      *shift = gd_arena_array(g->arena, channels, sizeof *shift);
    if (!scale || !shift) return gd_fail(err, GD_ERR_NOMEM, "no memory to fold '%s'", n.name);
    gd_launch l;
    gd_graph_launch(g, k, &l);
    if (!n.op->as_affine(&l, scale, shift)) return GD_OK;
    if (!foldable(g, p)) return GD_OK;
    const int from = g->n_node;
    gd_node   folded = *p; /* the array may move while nodes are appended */
    GD_TRY(folded.op->fold_affine(g, &folded, scale, shift, err));
    folded.fused_name = n.name;
    g->node[maker] = folded;
    GD_TRY(move_before(g, maker, from, err));
    redirect(g, n.out[0], x);
    uses[x] += uses[n.out[0]] - 1;
    uses[n.out[0]] = 0;
    return GD_OK;
}

static bool reads_only_constants(const gd_graph *g, const gd_node *n) {
    if (n->op->flags & (GD_OP_RANDOM | GD_OP_SINK)) return false;
    if (n->op->flags & GD_OP_SHAPES_ONLY) return true;
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] >= 0 && g->value[n->in[i]].kind != GD_VALUE_CONST) return false;
    return n->n_in > 0;
}

static gd_status evaluate(gd_graph *g, int k, gd_error *err) {
    gd_node  *n = &g->node[k];
    gd_launch l;
    for (int i = 0; i < n->n_out; i++) {
        gd_tensor *t = &g->value[n->out[i]].t;
        t->data = gd_arena_get(g->arena, gd_tensor_bytes(t));
        if (!t->data) return gd_fail(err, GD_ERR_NOMEM, "no memory to evaluate '%s'", n->name);
    }
    gd_graph_launch(g, k, &l);
    GD_TRY(gd_node_run_reference(n->op, &l, err));
    for (int i = 0; i < n->n_out; i++) {
        g->value[n->out[i]].kind = GD_VALUE_CONST;
        g->value[n->out[i]].producer = -1;
    }
    return GD_OK;
}

/* Evaluated nodes are dropped here: they no longer own their outputs. */
static gd_status fold_constants(gd_graph *g, gd_error *err) {
    int kept = 0;
    for (int k = 0; k < g->n_node; k++) {
        if (reads_only_constants(g, &g->node[k])) {
            GD_TRY(evaluate(g, k, err));
            continue;
        }
        g->node[kept] = g->node[k];
        for (int i = 0; i < g->node[kept].n_out; i++)
            g->value[g->node[kept].out[i]].producer = kept;
        kept++;
    }
    g->n_node = kept;
    return GD_OK;
}

gd_status gd_pass_fold(gd_graph *g, gd_error *err) {
    GD_TRY(fold_constants(g, err));
    int *uses = gd_arena_array(g->arena, (size_t)g->n_value + 1, sizeof *uses);
    if (!uses) return gd_fail(err, GD_ERR_NOMEM, "no memory to count %d uses", g->n_value);
    gd_graph_uses(g, uses);
    for (int k = 0; k < g->n_node; k++) {
        const int before = g->n_node;
        GD_TRY(try_affine(g, k, uses, err));
        k += g->n_node - before; /* node k stands behind what was put in front of it */
    }
    return gd_pass_dead(g, err);
}
