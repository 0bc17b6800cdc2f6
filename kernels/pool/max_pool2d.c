/* max_pool2d.c -- what the engine knows about max pooling: shapes, gradient, kernels. */
#include <stddef.h>

#include "engine/graph.h"
#include "kernels/pool/pool.h"

static const gd_attr_field fields[] = {
    {"size", GD_ATTR_I32, offsetof(gd_max_pool2d, size), 2, 2},
    {"stride", GD_ATTR_I32, offsetof(gd_max_pool2d, stride), 2, 2},
    {"pad", GD_ATTR_I32, offsetof(gd_max_pool2d, pad), 2, 0},
    {"ceil_mode", GD_ATTR_I32, offsetof(gd_max_pool2d, ceil_mode), 0, 0},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_max_pool2d *a = l->attr;
    return gdk_pool_infer("max_pool2d", l, a->size, a->stride, a->pad, a->ceil_mode != 0, err);
}

/* dy and x give dx; dy must be what the forward pass makes of x. */
static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    const gd_max_pool2d *a = l->attr;
    gd_tensor            y = {0};
    gd_launch            forward = {.n_in = 1, .n_out = 1, .in = {l->in[1]}, .out = {&y}};
    GD_TRY(gdk_pool_infer("max_pool2d_bwd", &forward, a->size, a->stride, a->pad,
                          a->ceil_mode != 0, err));
    if (y.dtype != l->in[0]->dtype || !gd_tensor_same_shape(&y, l->in[0]))
        return gd_fail_input(err, "max_pool2d_bwd", 0, l->in[0],
                             "what pooling makes of input 1");
    gd_infer_like(l->out[0], l->in[1]);
    return GD_OK;
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    return gd_graph_add(g, "max_pool2d_bwd", n->attr, 2, (int[]){d_out[0], n->in[0]}, d_in,
                        err);
}

const gd_op gd_op_max_pool2d = {
    .name = "max_pool2d",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = fields,
    .attr_size = sizeof(gd_max_pool2d),
    .infer = infer,
    .grad = grad,
    .kernels = (const gd_kernel[]){GDK_POOL_ROW(max_pool2d), GD_REF_ROWS(max_pool2d), {0}}};

const gd_op gd_op_max_pool2d_bwd = {
    .name = "max_pool2d_bwd",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = fields,
    .attr_size = sizeof(gd_max_pool2d),
    .infer = infer_bwd,
    .kernels =
        (const gd_kernel[]){GDK_POOL_ROW(max_pool2d_bwd), GD_REF_ROWS(max_pool2d_bwd), {0}}};
