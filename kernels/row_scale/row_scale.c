/* row_scale.c -- shapes, gradient and kernels of the scaling of filters. */
#include "kernels/row_scale/row_scale.h"

#include "engine/graph.h"
#include "kernels/describe.h"

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_tensor *w = l->in[0], *s = l->in[1];
    if ((w->dtype != GD_F32 && w->dtype != GD_F64) || w->ndim < 1)
        return gd_fail_input(err, "row_scale", 0, w, "weights [K,...] in FP32");
    if (s->ndim != 1 || s->dtype != w->dtype || s->dim[0] != w->dim[0])
        return gd_fail_input(err, "row_scale", 1, s, "a number for each row of input 0");
    return gd_infer_same(l, err);
}

static void cost(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 1, c); }

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    return gd_graph_add(g, "row_scale", NULL, 2, (const int[]){d_out[0], n->in[1]}, d_in, err);
}

const gd_op gd_op_row_scale = {
    .name = "row_scale",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .flags = GD_OP_INPLACE,
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .kernels = (const gd_kernel[]){{.name = "row_scale_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .run = gdk_row_scale_cpu_f32},
                                   GD_REF_ROWS(row_scale),
                                   {0}},
};
