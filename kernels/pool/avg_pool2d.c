/* avg_pool2d.c -- what the engine knows about average pooling, plain and adaptive. */
#include <stddef.h>

#include "engine/graph.h"
#include "kernels/pool/pool.h"

static const gd_attr_field fields[] = {
    {"size", GD_ATTR_I32, offsetof(gd_avg_pool2d, size), 2, 2},
    {"stride", GD_ATTR_I32, offsetof(gd_avg_pool2d, stride), 2, 2},
    {"pad", GD_ATTR_I32, offsetof(gd_avg_pool2d, pad), 2, 0},
    {"ceil_mode", GD_ATTR_I32, offsetof(gd_avg_pool2d, ceil_mode), 0, 0},
    {"count_include_pad", GD_ATTR_I32, offsetof(gd_avg_pool2d, count_include_pad), 0, 1},
    {0}};

/* The attributes of the forward node come first. */
static const gd_attr_field fields_bwd[] = {
    {"size", GD_ATTR_I32, offsetof(gd_avg_pool2d, size), 2, 2},
    {"stride", GD_ATTR_I32, offsetof(gd_avg_pool2d, stride), 2, 2},
    {"pad", GD_ATTR_I32, offsetof(gd_avg_pool2d, pad), 2, 0},
    {"ceil_mode", GD_ATTR_I32, offsetof(gd_avg_pool2d, ceil_mode), 0, 0},
    {"count_include_pad", GD_ATTR_I32, offsetof(gd_avg_pool2d, count_include_pad), 0, 1},
    {"plane", GD_ATTR_I32, offsetof(gd_avg_pool2d_bwd, plane), 2, 0},
    {0}};

static const gd_attr_field fields_adaptive[] = {
    {"out_h", GD_ATTR_I32, offsetof(gd_adaptive_avg_pool2d, out_h), 0, 1},
    {"out_w", GD_ATTR_I32, offsetof(gd_adaptive_avg_pool2d, out_w), 0, 1},
    {0}};

static const gd_attr_field fields_adaptive_bwd[] = {
    {"plane", GD_ATTR_I32, offsetof(gd_adaptive_avg_pool2d_bwd, plane), 2, 0}, {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_avg_pool2d *a = l->attr;
    return gdk_pool_infer("avg_pool2d", l, a->size, a->stride, a->pad, a->ceil_mode != 0, err);
}

static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    const gd_avg_pool2d_bwd *a = l->attr;
    const gd_tensor         *dy = l->in[0];
    if (dy->ndim != 4) return gd_fail_input(err, "avg_pool2d_bwd", 0, dy, "floating [N,P,Q,C]");
    const gd_tensor x = gd_tensor_make(
        dy->dtype, 4, (int64_t[]){dy->dim[0], a->plane[0], a->plane[1], dy->dim[3]});
    gd_tensor y = {0};
    gd_launch forward = {.n_in = 1, .n_out = 1, .in = {&x}, .out = {&y}};
    GD_TRY(gdk_pool_infer("avg_pool2d_bwd", &forward, a->pool.size, a->pool.stride, a->pool.pad,
                          a->pool.ceil_mode != 0, err));
    if (!gd_tensor_same_shape(&y, dy))
        return gd_fail_input(err, "avg_pool2d_bwd", 0, dy, "what pooling makes of its plane");
    gd_infer_like(l->out[0], &x);
    return GD_OK;
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const gd_tensor        *x = &g->value[n->in[0]].t;
    const gd_avg_pool2d    *pool = n->attr;
    const gd_avg_pool2d_bwd a = {*pool, {(int32_t)x->dim[1], (int32_t)x->dim[2]}};
    return gd_graph_add(g, "avg_pool2d_bwd", &a, 1, d_out, d_in, err);
}

static gd_status infer_planes(const char *op, const gd_launch *l, int64_t h, int64_t w,
                              gd_error *err) {
    const gd_tensor *x = l->in[0];
    if (x->ndim != 4 || !gd_dtype_is_float(x->dtype) || !gdk_window_dims_ok(x) ||
        x->dim[1] < 1 || x->dim[2] < 1)
        return gd_fail_input(err, op, 0, x, "floating [N,H,W,C]");
    if (h < 1 || w < 1)
        return gd_fail(err, GD_ERR_ARG, "%s: plane %lldx%lld, wanted at least 1x1", op,
                       (long long)h, (long long)w);
    gd_infer_set(l->out[0], x->dtype, 4, (int64_t[]){x->dim[0], h, w, x->dim[3]});
    return GD_OK;
}

static gd_status infer_adaptive(const gd_launch *l, gd_error *err) {
    const gd_adaptive_avg_pool2d *a = l->attr;
    return infer_planes("adaptive_avg_pool2d", l, a->out_h, a->out_w, err);
}

static gd_status infer_adaptive_bwd(const gd_launch *l, gd_error *err) {
    const gd_adaptive_avg_pool2d_bwd *a = l->attr;
    return infer_planes("adaptive_avg_pool2d_bwd", l, a->plane[0], a->plane[1], err);
}

static gd_status grad_adaptive(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                               gd_error *err) {
    const gd_tensor                 *x = &g->value[n->in[0]].t;
    const gd_adaptive_avg_pool2d_bwd a = {{(int32_t)x->dim[1], (int32_t)x->dim[2]}};
    return gd_graph_add(g, "adaptive_avg_pool2d_bwd", &a, 1, d_out, d_in, err);
}

const gd_op gd_op_avg_pool2d = {
    .name = "avg_pool2d",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = fields,
    .attr_size = sizeof(gd_avg_pool2d),
    .infer = infer,
    .grad = grad,
    .kernels = (const gd_kernel[]){GDK_POOL_ROW(avg_pool2d), GD_REF_ROWS(avg_pool2d), {0}}};

const gd_op gd_op_avg_pool2d_bwd = {
    .name = "avg_pool2d_bwd",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = fields_bwd,
    .attr_size = sizeof(gd_avg_pool2d_bwd),
    .infer = infer_bwd,
    .kernels =
        (const gd_kernel[]){GDK_POOL_ROW(avg_pool2d_bwd), GD_REF_ROWS(avg_pool2d_bwd), {0}}};

const gd_op gd_op_adaptive_avg_pool2d = {
    .name = "adaptive_avg_pool2d",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = fields_adaptive,
    .attr_size = sizeof(gd_adaptive_avg_pool2d),
    .infer = infer_adaptive,
    .grad = grad_adaptive,
    .kernels = (const gd_kernel[]){
        GDK_POOL_ROW(adaptive_avg_pool2d), GD_REF_ROWS(adaptive_avg_pool2d), {0}}};

const gd_op gd_op_adaptive_avg_pool2d_bwd = {
    .name = "adaptive_avg_pool2d_bwd",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = fields_adaptive_bwd,
    .attr_size = sizeof(gd_adaptive_avg_pool2d_bwd),
    .infer = infer_adaptive_bwd,
    .kernels = (const gd_kernel[]){
        GDK_POOL_ROW(adaptive_avg_pool2d_bwd), GD_REF_ROWS(adaptive_avg_pool2d_bwd), {0}}};
