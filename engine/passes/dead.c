/* dead.c -- the pass that removes nodes nobody reads, and closes the gaps. */
#include "engine/graph.h"

gd_status gd_pass_dead(gd_graph *g, gd_error *err) {
    int  *uses = gd_arena_array(g->arena, (size_t)g->n_value + 1, sizeof *uses);
    bool *dead = gd_arena_array(g->arena, (size_t)g->n_node + 1, sizeof *dead);
    if (!uses || !dead)
        return gd_fail(err, GD_ERR_NOMEM, "no memory to mark %d nodes", g->n_node);
    gd_graph_uses(g, uses);
    /* Backward, so that what a dead node read can die in the same walk. */
    for (int k = g->n_node - 1; k >= 0; k--) {
        const gd_node *n = &g->node[k];
        bool           read = (n->op->flags & GD_OP_SINK) != 0;
        for (int i = 0; i < n->n_out; i++)
            read |= uses[n->out[i]] > 0 || gd_graph_updates(g, n, i);
        if (read) continue;
        dead[k] = true;
        for (int i = 0; i < n->n_in; i++)
            if (n->in[i] >= 0) uses[n->in[i]]--;
        for (int i = 0; i < n->n_step; i++)
            if (n->step[i].arg >= 0) uses[n->step[i].arg]--;
    }
    int kept = 0;
    for (int k = 0; k < g->n_node; k++) {
        for (int i = 0; i < g->node[k].n_out; i++)
            g->value[g->node[k].out[i]].producer = dead[k] ? -1 : kept;
        if (!dead[k]) g->node[kept++] = g->node[k];
    }
    g->n_node = kept;
    return GD_OK;
}
