/* cell_boxes.c -- what the engine knows about boxes of cells: shapes, gradient, kernels. */
#include "kernels/cell_boxes/cell_boxes.h"

#include "engine/graph.h"
#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"stride", GD_ATTR_I32, offsetof(gd_cell_boxes, stride), 0, 8}, {0}};

/* Input i is the map. */
static gd_status want_map(const gd_launch *l, const char *op, int i, gd_error *err) {
    const gd_cell_boxes *a = l->attr;
    if (a->stride < 1) return gd_fail(err, GD_ERR_ARG, "%s: stride is %d", op, (int)a->stride);
    return gdk_want(l, op, i, GD_F32, 4, (int64_t[]){-1, -1, -1, 4}, "x [B,H,W,4]", err);
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0];
    GD_TRY(want_map(l, "cell_boxes", 0, err));
    gd_infer_set(l->out[0], x->dtype, 3, (int64_t[]){x->dim[0], x->dim[1] * x->dim[2], 4});
    return GD_OK;
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    return gd_graph_add(g, "cell_boxes_bwd", n->attr, 2, (const int[]){d_out[0], n->in[0]},
                        d_in, err);
}

static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[1];
    GD_TRY(want_map(l, "cell_boxes_bwd", 1, err));
    GD_TRY(gdk_want(l, "cell_boxes_bwd", 0, GD_F32, 3,
                    (int64_t[]){x->dim[0], x->dim[1] * x->dim[2], 4}, "d_out [B,H*W,4]", err));
    gd_infer_like(l->out[0], x);
    return GD_OK;
}

const gd_op gd_op_cell_boxes = {
    .name = "cell_boxes",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_cell_boxes),
    .infer = infer,
    .grad = grad,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(cell_boxes), {0}},
};

static gd_status infer_encode(const gd_launch *l, gd_error *err) {
    const char *op = "cell_encode";
    GD_TRY(gdk_want(l, op, 0, GD_F32, 3, (int64_t[]){-1, -1, 4}, "gt [B,G,4]", err));
    const int64_t B = l->in[0]->dim[0];
    GD_TRY(gdk_want(l, op, 1, GD_I32, 2, (int64_t[]){B, -1}, "match i32[B,A]", err));
    const int64_t A = l->in[1]->dim[1];
    GD_TRY(gdk_want(l, op, 2, GD_F32, 2, (int64_t[]){A, 3}, "points [A,3]", err));
    gd_infer_set(l->out[0], l->in[0]->dtype, 3, (int64_t[]){B, A, 4});
    return GD_OK;
}

const gd_op gd_op_cell_encode = {
    .name = "cell_encode",
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .infer = infer_encode,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(cell_encode), {0}},
};
const gd_op gd_op_cell_boxes_bwd = {
    .name = "cell_boxes_bwd",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_cell_boxes),
    .infer = infer_bwd,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(cell_boxes_bwd), {0}},
};
