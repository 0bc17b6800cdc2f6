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

/* Both of [N,..,C]: the second has one pixel for each picture. */
static bool is_gate(const gd_tensor *x, const gd_tensor *s) {
    if (s->ndim != x->ndim || s->dtype != x->dtype || x->ndim < 2) return false;
    for (int i = 1; i + 1 < s->ndim; i++)
        if (s->dim[i] != 1) return false;
    return s->dim[0] == x->dim[0] && gd_tensor_channels(s) == gd_tensor_channels(x);
}

static gd_status infer_mul(const gd_launch *l, gd_error *err) {
    if (!gd_dtype_is_float(l->in[0]->dtype) || !is_gate(l->in[0], l->in[1]))
        return infer(l, err);
    return gd_infer_same(l, err);
}

static gd_status infer_mul_bwd(const gd_launch *l, gd_error *err) {
    int64_t          dim[GD_MAX_DIM];
    const gd_tensor *x = l->in[0];
    GD_TRY(gdk_check_pair(l, "mul_bwd", err));
    if (!gd_dtype_is_float(x->dtype) || x->ndim < 2)
        return gd_fail_input(err, "mul_bwd", 0, x, "floating-point [N, .., C]");
    for (int i = 0; i < x->ndim; i++) dim[i] = i == 0 || i + 1 == x->ndim ? x->dim[i] : 1;
    gd_infer_set(l->out[0], x->dtype, x->ndim, dim);
    return GD_OK;
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
    const int  a[2] = {d_out[0], n->in[1]}, b[2] = {d_out[0], n->in[0]};
    const bool same = gd_tensor_same_shape(&g->value[n->in[0]].t, &g->value[n->in[1]].t);
    GD_TRY(gd_graph_add(g, "mul", NULL, 2, a, &d_in[0], err));
    return gd_graph_add(g, same ? "mul" : "mul_bwd", NULL, 2, b, &d_in[1], err);
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
    .infer = infer_mul,
    .cost = cost,
    .grad = mul_grad,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("mul_cpu_f32", GD_F32, gdk_mul_cpu_f32),
                                   GD_REF_ROWS(mul),
                                   {0}},
};

const gd_op gd_op_mul_bwd = {
    .name = "mul_bwd",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .infer = infer_mul_bwd,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(mul_bwd), {0}},
};
