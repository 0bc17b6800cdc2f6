/* activation.c -- what the engine knows about the pointwise activations: gradients, kernels. */
#include "kernels/activation/activation.h"

#include "engine/graph.h"
#include "kernels/describe.h"

static const gd_attr_field leaky_fields[] = {
    {"slope", GD_ATTR_F32, offsetof(gd_leaky_relu, slope), 0, (double)0.01f}, {0}};
static const gd_attr_field gelu_fields[] = {
    {"tanh", GD_ATTR_I32, offsetof(gd_gelu, tanh), 0, 0}, {0}};

static void cost_one(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 1, c); }
/* exp and erf count as one operation, like the others. */
static void cost_some(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 4, c); }
static void cost_many(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 8, c); }

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

/* Appends the backward node, which reads d_y and this node's input or output. */
#define GRAD(title, attributes, given)                                                        \
    static gd_status title##_grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in, \
                                  gd_error *err) {                                            \
        const int args[2] = {d_out[0], n->given[0]};                                          \
        return gd_graph_add(g, #title "_bwd", attributes, 2, args, d_in, err);                \
    }

#define FORWARD(title, count, more)                                                         \
    .name = #title, .min_in = 1, .max_in = 1, .n_out = 1,                                   \
    .flags = GD_OP_INPLACE | GD_OP_EPILOGUE | (more), .infer = infer_float, .cost = count,  \
    .grad = title##_grad, .kernels = (const gd_kernel[]) {                                  \
        GD_ROW_CPU(#title "_cpu_f32", GD_F32, gdk_##title##_cpu_f32), GD_REF_ROWS(title), { \
            0                                                                               \
        }                                                                                   \
    }
#define BACKWARD(title, count, more)                                          \
    .name = #title "_bwd", .min_in = 2, .max_in = 2, .n_out = 1,              \
    .flags = GD_OP_INPLACE | (more), .infer = infer_bwd, .cost = count,       \
    .kernels = (const gd_kernel[]) {                                          \
        GD_ROW_CPU(#title "_bwd_cpu_f32", GD_F32, gdk_##title##_bwd_cpu_f32), \
            GD_REF_ROWS(title##_bwd), {                                       \
            0                                                                 \
        }                                                                     \
    }
/* An operator and its backward node; `more` are flags. */
#define OPERATOR(title, count, more, given)                    \
    GRAD(title, NULL, given)                                   \
    const gd_op gd_op_##title = {FORWARD(title, count, more)}; \
    const gd_op gd_op_##title##_bwd = {BACKWARD(title, count, more)};
#define OPERATOR_WITH(title, count, more, given, type, fields)                              \
    GRAD(title, n->attr, given)                                                             \
    const gd_op gd_op_##title = {FORWARD(title, count, more), .attr_fields = fields,        \
                                 .attr_size = sizeof(type)};                                \
    const gd_op gd_op_##title##_bwd = {BACKWARD(title, count, more), .attr_fields = fields, \
                                       .attr_size = sizeof(type)};

OPERATOR(relu, cost_one, GD_OP_HALF_FOLLOW, out)
OPERATOR_WITH(leaky_relu, cost_one, GD_OP_HALF_FOLLOW, in, gd_leaky_relu, leaky_fields)
OPERATOR(sigmoid, cost_some, 0, out)
OPERATOR(silu, cost_some, GD_OP_HALF_FOLLOW, in)
OPERATOR(relu6, cost_one, GD_OP_HALF_FOLLOW, out)
OPERATOR(hardsigmoid, cost_some, GD_OP_HALF_FOLLOW, out)
OPERATOR(hardswish, cost_some, GD_OP_HALF_FOLLOW, in)
OPERATOR(mish, cost_many, GD_OP_HALF_FOLLOW, in)
OPERATOR_WITH(gelu, cost_many, GD_OP_HALF_FOLLOW, in, gd_gelu, gelu_fields)
