/* tf32.c -- the pass that rounds weights to TF32, where products may be.
 *
 * Tensor cores read FP32 operands and drop the thirteen bits that TF32 has not: every product
 * gets a little smaller, and fifty layers make one hundredth of it. Weights are rounded to the
 * nearest value here, once; kernels do it to what they hand on. */
#include "engine/backend.h"
#include "engine/graph.h"

/* To the nearest, ties away from zero, as the device rounds. What is not finite stays, and what
 * would not be then. */
static uint32_t nearest(uint32_t x) {
    return (x & 0x7fffffffu) >= 0x7f7ff000u ? x : (x + 0x1000u) & ~0x1fffu;
}

/* from[v]: the numbers of v as they came, where v is a weight: a constant that an operator of
 * the matrix units reads in the type of its launch. */
static void find_weights(const gd_graph *g, const void **from) {
    for (int k = 0; k < g->n_node; k++) {
        const gd_node *n = &g->node[k];
        for (int i = 0; i < n->n_in && (n->op->flags & GD_OP_HALF); i++) {
            const gd_value *v = n->in[i] < 0 ? NULL : &g->value[n->in[i]];
            if (v && v->kind == GD_VALUE_CONST && v->t.dtype == GD_F32 &&
                gd_tensor_dense(&v->t) && !(n->op->wide_in >> i & 1))
                from[n->in[i]] = v->t.data;
        }
    }
}

static gd_status round_one(gd_arena *a, gd_tensor *t, gd_error *err) {
    const int64_t   n = gd_tensor_count(t);
    const uint32_t *x = t->data;
    uint32_t       *y = gd_arena_raw(a, gd_tensor_bytes(t));
    if (!y) return gd_fail(err, GD_ERR_NOMEM, "no memory for weights in TF32");
#pragma omp parallel for num_threads(gd_cpu_threads()) if (n > 1 << 16)
    for (int64_t i = 0; i < n; i++) y[i] = nearest(x[i]);
    t->data = y;
    return GD_OK;
}

gd_status gd_pass_tf32(gd_graph *g, const gd_device_caps *dev, gd_error *err) {
    const void **from = NULL;
    if (!dev->tf32) return GD_OK;
    from = gd_arena_array(g->arena, (size_t)g->n_value + 1, sizeof *from);
    if (!from) return gd_fail(err, GD_ERR_NOMEM, "no memory to find weights");
    find_weights(g, from);
    for (int v = 0; v < g->n_value; v++) {
        int twin = 0; /* a head that several maps share has its numbers once */
        if (!from[v]) continue;
        while (from[twin] != from[v]) twin++;
        if (twin < v && gd_tensor_same_shape(&g->value[twin].t, &g->value[v].t))
            g->value[v].t.data = g->value[twin].t.data;
        else
            GD_TRY(round_one(g->arena, &g->value[v].t, err));
    }
    return GD_OK;
}
