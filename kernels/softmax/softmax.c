/* softmax.c -- what the engine knows about softmax: shapes, gradient, kernels. */
#include "kernels/softmax/softmax.h"

#include "engine/graph.h"
#include "kernels/describe.h"

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0];
    if (x->ndim < 1 || x->dim[x->ndim - 1] < 1 || !gd_dtype_is_float(x->dtype))
        return gd_fail_input(err, "softmax", 0, x, "floating-point rows of 1 or more");
    if (l->n_in > 1) GD_TRY(gdk_check_pair(l, "softmax_bwd", err));
    return gd_infer_same(l, err);
}

static void cost(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 5, c); }

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const int args[2] = {d_out[0], n->out[0]};
    return gd_graph_add(g, "softmax_bwd", NULL, 2, args, d_in, err);
}

const gd_op gd_op_softmax = {
    .name = "softmax",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_INPLACE,
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("softmax_cpu_f32", GD_F32, gdk_softmax_cpu_f32),
                                   GD_REF_ROWS(softmax),
                                   {0}},
};

const gd_op gd_op_softmax_bwd = {
    .name = "softmax_bwd",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .flags = GD_OP_INPLACE,
    .infer = infer,
    .cost = cost,
    .kernels =
        (const gd_kernel[]){GD_ROW_CPU("softmax_bwd_cpu_f32", GD_F32, gdk_softmax_bwd_cpu_f32),
                            GD_REF_ROWS(softmax_bwd),
                            {0}},
};
