/* activation.c -- what the engine knows about the pointwise activations: gradients, kernels. */
#include "kernels/activation/activation.h"

#include "engine/graph.h"

/* Every operation that costs more than a move counts as one. */
static void cost_one(const gd_launch *l, gd_cost *c) {
    c->flop = (double)gd_tensor_count(l->out[0]);
    c->bytes = 0;
    for (int i = 0; i < l->n_in; i++) c->bytes += (double)gd_tensor_bytes(l->in[i]);
    c->bytes += (double)gd_tensor_bytes(l->out[0]);
}

/* Backward nodes take d_y and one more tensor of the same shape. */
static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    if (!gd_tensor_same_shape(l->in[0], l->in[1]) || l->in[0]->dtype != l->in[1]->dtype)
        return gd_fail_input(err, "activation gradient", 1, l->in[1], "the shape of input 0");
    return gd_infer_same(l, err);
}

static gd_status relu_grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                           gd_error *err) {
    const int args[2] = {d_out[0], n->out[0]};
    return gd_graph_add(g, "relu_bwd", NULL, 2, args, d_in, err);
}

const gd_op gd_op_relu = {
    .name = "relu",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_INPLACE | GD_OP_EPILOGUE,
    .infer = gd_infer_same,
    .cost = cost_one,
    .grad = relu_grad,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(relu), {0}},
};

const gd_op gd_op_relu_bwd = {
    .name = "relu_bwd",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .flags = GD_OP_INPLACE,
    .infer = infer_bwd,
    .cost = cost_one,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(relu_bwd), {0}},
};
