/* fuse.c -- the pass that lets a producer absorb the pointwise operators that follow it.
 *
 * conv -> add -> relu becomes one node with two steps when a kernel row of conv, on this
 * device, lists "add" and "relu". The producer then makes the consumer's output, and the
 * consumer is gone. For a binary step the other operand must be made before the producer, which
 * moves behind it where need be. A change of type ends the chain: what follows it reads a value
 * that is stored. */
#include <string.h>

#include "engine/exec_impl.h"
#include "engine/graph.h"

/* Does some row of the device take the node with all its steps? */
static bool some_row_takes(gd_graph *g, int k, const gd_device_caps *dev) {
    gd_launch l;
    gd_graph_launch(g, k, &l);
    const gd_op     *op = g->node[k].op;
    const gd_dtype   t = gd_op_dtype(op, &l);
    const gd_kernel *r;
    for (int i = 0; (r = gd_op_row(op, dev->backend, i)) != NULL; i++)
        if (r->dtype == t && gd_kernel_allowed(r, dev) && gd_kernel_absorbs(r, &l) &&
            (!r->fits || r->fits(&l, dev)))
            return true;
    return false;
}

/* The producer of input i of node k, if node k may melt into it; else -1. *late: the other
 * operand is made after it. */
static int host_of(const gd_graph *g, const int *uses, int k, int i, bool *late) {
    const gd_node *n = &g->node[k];
    const int      x = n->in[i], maker = x < 0 ? -1 : g->value[x].producer;
    if (maker < 0 || uses[x] != 1) return -1;
    const gd_node *p = &g->node[maker];
    if (p->out[0] != x || p->n_step == GD_MAX_STEP) return -1;
    if (p->n_step && (p->step[p->n_step - 1].op->flags & GD_OP_CAST)) return -1;
    *late = false;
    if (n->n_in == 1) return maker;
    const int other = n->in[1 - i];
    if (other < 0) return -1;
    *late = g->value[other].producer > maker;
    if (g->value[other].producer == maker || (*late && p->n_out > 1)) return -1;
    if (!gd_tensor_same_shape(&g->value[other].t, &g->value[x].t)) return -1;
    return maker;
}

/* Something that `maker` reads is changed by a node between it and `end`: it must stay. */
static bool is_updated(const gd_graph *g, int maker, int end) {
    const gd_node *p = &g->node[maker];
    bool           hit = false;
    for (int k = maker + 1; k < end && !hit; k++)
        for (int i = 0; i < g->node[k].n_out && !hit; i++) {
            if (!gd_graph_updates(g, &g->node[k], i)) continue;
            for (int j = 0; j < p->n_in; j++) hit |= p->in[j] == g->node[k].in[i];
            for (int j = 0; j < p->n_step; j++) hit |= p->step[j].arg == g->node[k].in[i];
        }
    return hit;
}

static bool absorb(gd_graph *g, int k, int i, int maker, const gd_device_caps *dev) {
    gd_node      *n = &g->node[k], *p = &g->node[maker];
    const gd_node before = *p;
    p->step[p->n_step++] = (gd_node_step){n->op, n->attr, n->n_in > 1 ? n->in[1 - i] : -1};
    p->fused_name = n->name;
    p->out[0] = n->out[0]; /* rows are asked with the type and pitch that come out */
    if (!some_row_takes(g, maker, dev)) {
        *p = before;
        return false;
    }
    g->value[before.out[0]].producer = -1; /* the value between the two is made by nobody now */
    g->value[p->out[0]].producer = maker;
    return true;
}

static void own_outputs(gd_graph *g, int k) {
    for (int i = 0; i < g->node[k].n_out; i++) g->value[g->node[k].out[i]].producer = k;
}

/* Node k becomes the last of `kept`: nobody between reads what it makes. */
static void move_last(gd_graph *g, int k, int kept) {
    const gd_node n = g->node[k];
    memmove(&g->node[k], &g->node[k + 1], (size_t)(kept - 1 - k) * sizeof n);
    g->node[kept - 1] = n;
    for (int i = k; i < kept; i++) own_outputs(g, i);
}

/* Of a sum, either side may be the produced one; the later producer is asked first to host,
 * since the other operand is made before it. */
static bool try_absorb(gd_graph *g, const int *uses, int k, int kept,
                       const gd_device_caps *dev) {
    const gd_node *n = &g->node[k];
    if (!(n->op->flags & GD_OP_EPILOGUE) || n->n_step || n->n_in > 2) return false;
    const int sides = n->n_in == 2 && (n->op->flags & GD_OP_ACCUMULATE) ? 2 : 1;
    for (int move = 0; move < 2; move++)
        for (int i = 0; i < sides; i++) {
            bool      late;
            const int maker = host_of(g, uses, k, i, &late);
            if (maker < 0 || late != (move == 1) || (late && is_updated(g, maker, kept)))
                continue;
            if (!absorb(g, k, i, maker, dev)) continue;
            if (late) move_last(g, maker, kept);
            return true;
        }
    return false;
}

gd_status gd_pass_fuse(gd_graph *g, const gd_device_caps *dev, gd_error *err) {
    int *uses = gd_arena_array(g->arena, (size_t)g->n_value + 1, sizeof *uses);
    if (!uses) return gd_fail(err, GD_ERR_NOMEM, "no memory to count %d uses", g->n_value);
    gd_graph_uses(g, uses);
    int kept = 0;
    for (int k = 0; k < g->n_node; k++) {
        if (try_absorb(g, uses, k, kept, dev)) continue;
        g->node[kept] = g->node[k];
        own_outputs(g, kept++);
    }
    g->n_node = kept;
    return GD_OK;
}
