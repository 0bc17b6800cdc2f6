/* conv2d.c -- what the engine knows about convolution: shapes, gradient, folding, kernels. */
#include "kernels/conv2d/conv2d.h"

#include <stddef.h>

#include "engine/graph.h"
#include "engine/mem.h"
#include "kernels/arg.h"
#include "kernels/cpu/cpu_dnnl.h"
#include "kernels/cpu/igemm_back.h"
#include "kernels/cpu/steps.h"
#include "kernels/fold.h"
#include "kernels/window.h"

static const gd_attr_field fields[] = {
    {"stride", GD_ATTR_I32, offsetof(gd_conv2d, stride), 2, 1},
    {"pad", GD_ATTR_I32, offsetof(gd_conv2d, pad), 4, 0},
    {"dilation", GD_ATTR_I32, offsetof(gd_conv2d, dilation), 2, 1},
    {"groups", GD_ATTR_I32, offsetof(gd_conv2d, groups), 0, 1},
    {0}};

/* gd_conv2d is the first member of both backward attributes, so its offsets hold there too. */
static const gd_attr_field fields_bwd_data[] = {
    {"stride", GD_ATTR_I32, offsetof(gd_conv2d, stride), 2, 1},
    {"pad", GD_ATTR_I32, offsetof(gd_conv2d, pad), 4, 0},
    {"dilation", GD_ATTR_I32, offsetof(gd_conv2d, dilation), 2, 1},
    {"groups", GD_ATTR_I32, offsetof(gd_conv2d, groups), 0, 1},
    {"plane", GD_ATTR_I32, offsetof(gd_conv2d_bwd_data, plane), 2, 0},
    {0}};

static const gd_attr_field fields_bwd_weight[] = {
    {"stride", GD_ATTR_I32, offsetof(gd_conv2d, stride), 2, 1},
    {"pad", GD_ATTR_I32, offsetof(gd_conv2d, pad), 4, 0},
    {"dilation", GD_ATTR_I32, offsetof(gd_conv2d, dilation), 2, 1},
    {"groups", GD_ATTR_I32, offsetof(gd_conv2d, groups), 0, 1},
    {"filter", GD_ATTR_I32, offsetof(gd_conv2d_bwd_weight, filter), 2, 0},
    {0}};

static gd_status check_attr(const char *op, const gd_conv2d *a, gd_error *err) {
    for (int i = 0; i < 2; i++)
        if (a->stride[i] < 1 || a->dilation[i] < 1)
            return gd_fail(err, GD_ERR_ARG, "%s: stride %d,%d and dilation %d,%d, wanted >= 1",
                           op, a->stride[0], a->stride[1], a->dilation[0], a->dilation[1]);
    for (int i = 0; i < 4; i++)
        if (a->pad[i] < 0)
            return gd_fail(err, GD_ERR_ARG, "%s: pad %d,%d,%d,%d, wanted >= 0", op, a->pad[0],
                           a->pad[1], a->pad[2], a->pad[3]);
    if (a->groups < 1) return gd_fail(err, GD_ERR_ARG, "%s: %d groups", op, a->groups);
    return GD_OK;
}

/* The plane P x Q that a filter R x S makes of H x W. */
static gd_status plane_out(const char *op, const gd_conv2d *a, const int64_t plane[2],
                           const int64_t filter[2], int64_t out[2], gd_error *err) {
    for (int i = 0; i < 2; i++) {
        out[i] = filter[i] < 1 ? 0
                               : gdk_window_count(plane[i], filter[i], a->stride[i], a->pad[i],
                                                  a->pad[i + 2], a->dilation[i]);
        if (out[i] < 1)
            return gd_fail(err, GD_ERR_SHAPE,
                           "%s: filter %lldx%lld dilated by %d,%d exceeds input %lldx%lld "
                           "padded by %d,%d,%d,%d",
                           op, (long long)filter[0], (long long)filter[1], a->dilation[0],
                           a->dilation[1], (long long)plane[0], (long long)plane[1], a->pad[0],
                           a->pad[1], a->pad[2], a->pad[3]);
    }
    return GD_OK;
}

static bool is_image(const gd_tensor *t, gd_dtype dtype) {
    return t->ndim == 4 && t->dtype == dtype && gdk_window_dims_ok(t);
}

/* Channels of x, filters of w and groups agree. */
static gd_status check_channels(const char *op, const gd_conv2d *a, int64_t C, int64_t K,
                                int64_t c_per_group, gd_error *err) {
    if (C % a->groups || K % a->groups || C / a->groups != c_per_group)
        return gd_fail(err, GD_ERR_SHAPE,
                       "%s: %lld input channels, %lld filters of %lld channels, %d groups", op,
                       (long long)C, (long long)K, (long long)c_per_group, a->groups);
    return GD_OK;
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_conv2d *a = l->attr;
    const gd_tensor *x = l->in[0], *w = l->in[1], *b = l->in[2];
    int64_t          out[2];
    if (!gd_dtype_is_float(x->dtype) || !is_image(x, x->dtype))
        return gd_fail_input(err, "conv2d", 0, x, "floating [N,H,W,C]");
    if (!is_image(w, x->dtype))
        return gd_fail_input(err, "conv2d", 1, w, "[K,R,S,C/groups] of input 0's type");
    if (b && (b->ndim != 1 || b->dtype != gdk_wide(x->dtype) || b->dim[0] != w->dim[0]))
        return gd_fail_input(err, "conv2d", 2, b,
                             "a bias for each filter, of input 0's type (f32 for f16)");
    GD_TRY(check_attr("conv2d", a, err));
    GD_TRY(check_channels("conv2d", a, x->dim[3], w->dim[0], w->dim[3], err));
    GD_TRY(plane_out("conv2d", a, &x->dim[1], &w->dim[1], out, err));
    gd_infer_set(l->out[0], x->dtype, 4, (int64_t[]){x->dim[0], out[0], out[1], w->dim[0]});
    return GD_OK;
}

static gd_status infer_bwd_data(const gd_launch *l, gd_error *err) {
    const char               *op = "conv2d_bwd_data";
    const gd_conv2d_bwd_data *a = l->attr;
    const gd_tensor          *dy = l->in[0], *w = l->in[1];
    const int64_t             plane[2] = {a->plane[0], a->plane[1]};
    int64_t                   out[2];
    if (!gd_dtype_is_float(dy->dtype) || !is_image(dy, dy->dtype))
        return gd_fail_input(err, op, 0, dy, "floating [N,P,Q,K]");
    if (!is_image(w, dy->dtype)) return gd_fail_input(err, op, 1, w, "[K,R,S,C/groups]");
    GD_TRY(check_attr(op, &a->conv, err));
    const int64_t C = w->dim[3] * a->conv.groups;
    GD_TRY(check_channels(op, &a->conv, C, w->dim[0], w->dim[3], err));
    GD_TRY(plane_out(op, &a->conv, plane, &w->dim[1], out, err));
    if (dy->dim[1] != out[0] || dy->dim[2] != out[1] || dy->dim[3] != w->dim[0])
        return gd_fail_input(err, op, 0, dy, "what the convolution makes of its plane");
    gd_infer_set(l->out[0], dy->dtype, 4, (int64_t[]){dy->dim[0], plane[0], plane[1], C});
    return GD_OK;
}

static gd_status infer_bwd_weight(const gd_launch *l, gd_error *err) {
    const char                 *op = "conv2d_bwd_weight";
    const gd_conv2d_bwd_weight *a = l->attr;
    const gd_tensor            *dy = l->in[0], *x = l->in[1];
    const int64_t               filter[2] = {a->filter[0], a->filter[1]};
    int64_t                     out[2];
    if (!gd_dtype_is_float(dy->dtype) || !is_image(dy, dy->dtype))
        return gd_fail_input(err, op, 0, dy, "floating [N,P,Q,K]");
    if (!is_image(x, dy->dtype)) return gd_fail_input(err, op, 1, x, "[N,H,W,C]");
    GD_TRY(check_attr(op, &a->conv, err));
    const int64_t C = x->dim[3], K = dy->dim[3], per_group = C / a->conv.groups;
    GD_TRY(check_channels(op, &a->conv, C, K, per_group, err));
    GD_TRY(plane_out(op, &a->conv, &x->dim[1], filter, out, err));
    if (dy->dim[0] != x->dim[0] || dy->dim[1] != out[0] || dy->dim[2] != out[1])
        return gd_fail_input(err, op, 0, dy, "what the convolution makes of input 1");
    gd_infer_set(l->out[0], dy->dtype, 4, (int64_t[]){K, filter[0], filter[1], per_group});
    return GD_OK;
}

static double bytes_of(const gd_launch *l) {
    double sum = 0;
    for (int i = 0; i < l->n_in; i++)
        if (l->in[i])
            sum += (double)gd_tensor_count(l->in[i]) * (double)gd_dtype_size(l->in[i]->dtype);
    for (int i = 0; i < l->n_out; i++)
        sum += (double)gd_tensor_count(l->out[i]) * (double)gd_dtype_size(l->out[i]->dtype);
    return sum;
}

static void cost(const gd_launch *l, gd_cost *c) {
    const gd_tensor *w = l->in[1];
    c->flop =
        2.0 * (double)gd_tensor_count(l->out[0]) * (double)(w->dim[1] * w->dim[2] * w->dim[3]);
    c->bytes = bytes_of(l);
}

/* Both gradients do the work of the forward pass; w or dw is the filter. */
static void cost_bwd_data(const gd_launch *l, gd_cost *c) {
    const gd_tensor *w = l->in[1];
    c->flop =
        2.0 * (double)gd_tensor_count(l->in[0]) * (double)(w->dim[1] * w->dim[2] * w->dim[3]);
    c->bytes = bytes_of(l);
}

static void cost_bwd_weight(const gd_launch *l, gd_cost *c) {
    const gd_tensor *w = l->out[0];
    c->flop =
        2.0 * (double)gd_tensor_count(l->in[0]) * (double)(w->dim[1] * w->dim[2] * w->dim[3]);
    c->bytes = bytes_of(l);
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const gd_conv2d *a = n->attr;
    const gd_tensor *x = &g->value[n->in[0]].t, *w = &g->value[n->in[1]].t;
    /* infer has kept both within 31 bits */
    const gd_conv2d_bwd_data   data = {*a, {(int32_t)x->dim[1], (int32_t)x->dim[2]}};
    const gd_conv2d_bwd_weight weight = {*a, {(int32_t)w->dim[1], (int32_t)w->dim[2]}};
    const int                  dy = d_out[0], in[3] = {n->in[0], n->in[1], n->in[2]};
    const bool                 has_bias = n->n_in > 2 && in[2] >= 0;
    GD_TRY(gd_graph_add(g, "conv2d_bwd_data", &data, 2, (int[]){dy, in[1]}, &d_in[0], err));
    GD_TRY(gd_graph_add(g, "conv2d_bwd_weight", &weight, 2, (int[]){dy, in[0]}, &d_in[1], err));
    if (has_bias) GD_TRY(gd_graph_add(g, "sum_pixels", NULL, 1, &dy, &d_in[2], err));
    return GD_OK;
}

static const gd_kernel kernels[] = {
    {.name = "conv2d_wino_f32",
     .backend = GD_CPU,
     .dtype = GD_F32,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE,
     .fits = gdk_conv2d_wino_fits,
     .absorbs = gdk_steps_absorbs,
     .scratch = gdk_conv2d_wino_scratch,
     .prepare = gdk_conv2d_wino_prepare,
     .release = gd_mem_put,
     .run = gdk_conv2d_wino_run,
     .tol_k = 4,
     .tol_why = "sums of inputs are multiplied before they cancel"},
#if GD_HAVE_ONEDNN
    {.name = "conv2d_dnnl_f32",
     .backend = GD_CPU,
     .dtype = GD_F32,
     .flags = GD_ROW_STEP_INPLACE,
     .fits = gdk_conv2d_dnnl_fits,
     .absorbs = gdk_dnnl_absorbs,
     .prepare = gdk_conv2d_dnnl_prepare,
     .release = gdk_dnnl_close,
     .run = gdk_dnnl_run},
#endif
    {.name = "conv2d_dw_f32",
     .backend = GD_CPU,
     .dtype = GD_F32,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE,
     .fits = gdk_conv2d_dw_fits,
     .absorbs = gdk_steps_absorbs,
     .scratch = gdk_conv2d_dw_scratch,
     .prepare = gdk_conv2d_dw_prepare,
     .release = gd_mem_put,
     .run = gdk_conv2d_dw_run},
    {.name = "conv2d_omp_f32",
     .backend = GD_CPU,
     .dtype = GD_F32,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE,
     .fits = gdk_conv2d_omp_fits,
     .absorbs = gdk_steps_absorbs,
     .scratch = gdk_conv2d_omp_scratch,
     .prepare = gdk_conv2d_omp_prepare,
     .release = gd_mem_put,
     .run = gdk_conv2d_omp_run},
    GD_REF_ROWS(conv2d),
    {0}};
static const gd_kernel kernels_bwd_data[] = {
    {GD_CPU_ROW("conv2d_bwd_data_wino_f32", GD_F32, gdk_conv2d_bwd_data_wino_run),
     .fits = gdk_conv2d_bwd_data_wino_fits, .scratch = gdk_conv2d_bwd_data_wino_scratch,
     .prepare = gdk_igemm_back_prepare, .release = gd_mem_put, .tol_k = 4,
     .tol_why = "sums of inputs are multiplied before they cancel"},

    {GD_CPU_ROW("conv2d_bwd_data_dw_f32", GD_F32, gdk_conv2d_bwd_data_dw_run),
     .fits = gdk_conv2d_bwd_data_dw_fits, .scratch = gdk_conv2d_bwd_data_dw_scratch},
    {.name = "conv2d_bwd_data_omp_f32",
     .backend = GD_CPU,
     .dtype = GD_F32,
     .flags = GD_ROW_PITCH,
     .scratch = gdk_conv2d_bwd_data_omp_scratch,
     .prepare = gdk_igemm_back_prepare,
     .release = gd_mem_put,
     .run = gdk_conv2d_bwd_data_omp_run},
    GD_REF_ROWS(conv2d_bwd_data),
    {0}};
static const gd_kernel kernels_bwd_weight[] = {
    {GD_CPU_ROW("conv2d_bwd_weight_dw_f32", GD_F32, gdk_conv2d_bwd_weight_dw_run),
     .fits = gdk_conv2d_bwd_weight_dw_fits, .scratch = gdk_conv2d_bwd_weight_dw_scratch},
    {.name = "conv2d_bwd_weight_omp_f32",
     .backend = GD_CPU,
     .dtype = GD_F32,
     .flags = GD_ROW_PITCH,
     .scratch = gdk_conv2d_bwd_weight_omp_scratch,
     .prepare = gdk_igemm_back_prepare,
     .release = gd_mem_put,
     .run = gdk_conv2d_bwd_weight_omp_run},
    GD_REF_ROWS(conv2d_bwd_weight),
    {0}};

const gd_op gd_op_conv2d = {.name = "conv2d",
                            .min_in = 2,
                            .max_in = 3,
                            .n_out = 1,
                            .flags = GD_OP_HALF,
                            .wide_in = 1u << 2,
                            .attr_fields = fields,
                            .attr_size = sizeof(gd_conv2d),
                            .infer = infer,
                            .cost = cost,
                            .grad = grad,
                            .fold_affine = gdk_fold_affine,
                            .kernels = kernels};

const gd_op gd_op_conv2d_bwd_data = {.name = "conv2d_bwd_data",
                                     .min_in = 2,
                                     .max_in = 2,
                                     .n_out = 1,
                                     .flags = GD_OP_HALF,
                                     .attr_fields = fields_bwd_data,
                                     .attr_size = sizeof(gd_conv2d_bwd_data),
                                     .infer = infer_bwd_data,
                                     .cost = cost_bwd_data,
                                     .kernels = kernels_bwd_data};

const gd_op gd_op_conv2d_bwd_weight = {.name = "conv2d_bwd_weight",
                                       .min_in = 2,
                                       .max_in = 2,
                                       .n_out = 1,
                                       .flags = GD_OP_HALF,
                                       .attr_fields = fields_bwd_weight,
                                       .attr_size = sizeof(gd_conv2d_bwd_weight),
                                       .infer = infer_bwd_weight,
                                       .cost = cost_bwd_weight,
                                       .kernels = kernels_bwd_weight};
