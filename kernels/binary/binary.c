/* binary.c -- what the engine knows about add and mul: shapes, gradients, kernels. */
#include "kernels/binary/binary.h"

#include "engine/graph.h"
#include "kernels/describe.h"

static gd_status infer(const gd_launch *l, gd_error *err) {
    if (!gd_dtype_is_float(l->in[0]->dtype))
        return gd_fail_input(err, "add, mul", 0, l->in[0], "floating-point values");
    GD_TRY(gdk_check_pair(l, "add, mul", err));
    return gd_infer_same(l, err);
}

static void cost(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 1, c); }

/* Both inputs take the gradient of the output as it is. */
static gd_status add_grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                          gd_error *err) {
    (void)g;
    (void)n;
    (void)err;
    d_in[0] = d_in[1] = d_out[0];
    return GD_OK;
}

static gd_status mul_grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                          gd_error *err) {
    const int a[2] = {d_out[0], n->in[1]}, b[2] = {d_out[0], n->in[0]};
    GD_TRY(gd_graph_add(g, "mul", NULL, 2, a, &d_in[0], err));
    return gd_graph_add(g, "mul", NULL, 2, b, &d_in[1], err);
}

const gd_op gd_op_add = {
    .name = "add",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .flags = GD_OP_INPLACE | GD_OP_EPILOGUE | GD_OP_ACCUMULATE | GD_OP_HALF_FOLLOW,
    .infer = infer,
    .cost = cost,
    .grad = add_grad,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("add_cpu_f32", GD_F32, gdk_add_cpu_f32),
                                   GD_REF_ROWS(add),
                                   {0}},
};

const gd_op gd_op_mul = {
    .name = "mul",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .flags = GD_OP_INPLACE | GD_OP_EPILOGUE | GD_OP_HALF_FOLLOW,
    .infer = infer,
    .cost = cost,
    .grad = mul_grad,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("mul_cpu_f32", GD_F32, gdk_mul_cpu_f32),
                                   GD_REF_ROWS(mul),
                                   {0}},
};
