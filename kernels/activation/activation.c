/* activation.c -- what the engine knows about the pointwise activations: gradients, kernels. */
#include "kernels/activation/activation.h"

#include "engine/graph.h"
#include "kernels/describe.h"

static const gd_attr_field leaky_fields[] = {
    {"slope", GD_ATTR_F32, offsetof(gd_leaky_relu, slope), 0, (double)0.01f}, {0}};

static void cost_one(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 1, c); }
/* exp counts as one operation, like the others. */
static void cost_sigmoid(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 4, c); }

static gd_status infer_float(const gd_launch *l, gd_error *err) {
    if (!gd_dtype_is_float(l->in[0]->dtype))
        return gd_fail_input(err, "activation", 0, l->in[0], "floating-point values");
    return gd_infer_same(l, err);
}

/* Backward nodes take d_y and one more tensor of the same shape. */
static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    GD_TRY(gdk_check_pair(l, "activation gradient", err));
    return gd_infer_same(l, err);
}

static gd_status relu_grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                           gd_error *err) {
    const int args[2] = {d_out[0], n->out[0]};
    return gd_graph_add(g, "relu_bwd", NULL, 2, args, d_in, err);
}

static gd_status leaky_relu_grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                                 gd_error *err) {
    const int args[2] = {d_out[0], n->in[0]};
    return gd_graph_add(g, "leaky_relu_bwd", n->attr, 2, args, d_in, err);
}

static gd_status sigmoid_grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                              gd_error *err) {
    const int args[2] = {d_out[0], n->out[0]};
    return gd_graph_add(g, "sigmoid_bwd", NULL, 2, args, d_in, err);
}

static gd_status silu_grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                           gd_error *err) {
    const int args[2] = {d_out[0], n->in[0]};
    return gd_graph_add(g, "silu_bwd", NULL, 2, args, d_in, err);
}

#define FORWARD(title, count, more)                      \
    .name = title, .min_in = 1, .max_in = 1, .n_out = 1, \
    .flags = GD_OP_INPLACE | GD_OP_EPILOGUE | (more), .infer = infer_float, .cost = count
#define BACKWARD(title, count)                                                   \
    .name = title, .min_in = 2, .max_in = 2, .n_out = 1, .flags = GD_OP_INPLACE, \
    .infer = infer_bwd, .cost = count

const gd_op gd_op_relu = {
    FORWARD("relu", cost_one, GD_OP_HALF_FOLLOW),
    .grad = relu_grad,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("relu_cpu_f32", GD_F32, gdk_relu_cpu_f32),
                                   GD_REF_ROWS(relu),
                                   {0}},
};

const gd_op gd_op_relu_bwd = {
    BACKWARD("relu_bwd", cost_one),
    .kernels = (const gd_kernel[]){GD_REF_ROWS(relu_bwd), {0}},
};

const gd_op gd_op_leaky_relu = {
    FORWARD("leaky_relu", cost_one, GD_OP_HALF_FOLLOW),
    .attr_fields = leaky_fields,
    .attr_size = sizeof(gd_leaky_relu),
    .grad = leaky_relu_grad,
    .kernels =
        (const gd_kernel[]){GD_ROW_CPU("leaky_relu_cpu_f32", GD_F32, gdk_leaky_relu_cpu_f32),
                            GD_REF_ROWS(leaky_relu),
                            {0}},
};

const gd_op gd_op_leaky_relu_bwd = {
    BACKWARD("leaky_relu_bwd", cost_one),
    .attr_fields = leaky_fields,
    .attr_size = sizeof(gd_leaky_relu),
    .kernels = (const gd_kernel[]){GD_REF_ROWS(leaky_relu_bwd), {0}},
};

const gd_op gd_op_sigmoid = {
    FORWARD("sigmoid", cost_sigmoid, 0),
    .grad = sigmoid_grad,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("sigmoid_cpu_f32", GD_F32, gdk_sigmoid_cpu_f32),
                                   GD_REF_ROWS(sigmoid),
                                   {0}},
};

const gd_op gd_op_sigmoid_bwd = {
    BACKWARD("sigmoid_bwd", cost_sigmoid),
    .kernels = (const gd_kernel[]){GD_REF_ROWS(sigmoid_bwd), {0}},
};

const gd_op gd_op_silu = {
    FORWARD("silu", cost_sigmoid, GD_OP_HALF_FOLLOW),
    .grad = silu_grad,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("silu_cpu_f32", GD_F32, gdk_silu_cpu_f32),
                                   GD_REF_ROWS(silu),
                                   {0}},
};

const gd_op gd_op_silu_bwd = {
    BACKWARD("silu_bwd", cost_sigmoid),
    .kernels = (const gd_kernel[]){GD_REF_ROWS(silu_bwd), {0}},
};
