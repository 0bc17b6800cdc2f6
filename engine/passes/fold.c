/* fold.c -- the pass that computes once what does not depend on the picture.
 *
 * Two rewrites, both on constants: a node that is a per-channel affine with constant parameters
 * (batch norm at inference) is folded into the convolution or linear that feeds it alone, and a
 * node that reads only constants (or only shapes) becomes a constant itself. */
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
    gd_graph_launch(g, maker, &l);
    /* Weights or a bias that change cannot be folded into. */
    if (!(l.const_in & 2u) || (l.in[2] && !(l.const_in & 4u))) return GD_OK;
    GD_TRY(p->op->fold_affine(g, &g->node[maker], scale, shift, err));
    g->node[maker].fused_name = n.name;
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
    const int n_node = g->n_node;
    for (int k = 0; k < n_node; k++) GD_TRY(try_affine(g, k, uses, err));
    return gd_pass_dead(g, err);
}
