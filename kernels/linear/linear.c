/* linear.c -- what the engine knows about the fully connected layer and sum_pixels. */
#include "kernels/linear/linear.h"

#include "engine/graph.h"
#include "engine/mem.h"
#include "kernels/arg.h"
#include "kernels/cpu/cpu_dnnl.h"
#include "kernels/cpu/igemm_back.h"
#include "kernels/cpu/steps.h"
#include "kernels/fold.h"

static bool is_matrix(const gd_tensor *t, gd_dtype dtype) {
    return t->ndim == 2 && t->dtype == dtype;
}

/* out takes x's outer axes and `last` channels. */
static void infer_rows(gd_tensor *out, const gd_tensor *x, int64_t last) {
    int64_t dim[GD_MAX_DIM];
    for (int i = 0; i + 1 < x->ndim; i++) dim[i] = x->dim[i];
    dim[x->ndim - 1] = last;
    gd_infer_set(out, x->dtype, x->ndim, dim);
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0], *w = l->in[1], *b = l->in[2];
    if (!gd_dtype_is_float(x->dtype) || x->ndim < 1)
        return gd_fail_input(err, "linear", 0, x, "floating [..., C]");
    if (!is_matrix(w, x->dtype) || w->dim[1] != gd_tensor_channels(x))
        return gd_fail_input(err, "linear", 1, w, "[K, C] of input 0's type and channels");
    if (b && (b->ndim != 1 || b->dtype != gdk_wide(x->dtype) || b->dim[0] != w->dim[0]))
        return gd_fail_input(err, "linear", 2, b,
                             "a bias for each row of input 1 (f32 for f16)");
    infer_rows(l->out[0], x, w->dim[0]);
    return GD_OK;
}

static gd_status infer_bwd_data(const gd_launch *l, gd_error *err) {
    const gd_tensor *dy = l->in[0], *w = l->in[1];
    if (!gd_dtype_is_float(dy->dtype) || dy->ndim < 1)
        return gd_fail_input(err, "linear_bwd_data", 0, dy, "floating [..., K]");
    if (!is_matrix(w, dy->dtype) || w->dim[0] != gd_tensor_channels(dy))
        return gd_fail_input(err, "linear_bwd_data", 1, w, "[K, C] with input 0's K and type");
    infer_rows(l->out[0], dy, w->dim[1]);
    return GD_OK;
}

static gd_status infer_bwd_weight(const gd_launch *l, gd_error *err) {
    const gd_tensor *dy = l->in[0], *x = l->in[1];
    if (!gd_dtype_is_float(dy->dtype) || dy->ndim < 1)
        return gd_fail_input(err, "linear_bwd_weight", 0, dy, "floating [..., K]");
    if (x->dtype != dy->dtype || x->ndim < 1 || gd_tensor_pixels(x) != gd_tensor_pixels(dy))
        return gd_fail_input(err, "linear_bwd_weight", 1, x, "[..., C] with input 0's rows");
    gd_infer_set(l->out[0], dy->dtype, 2,
                 (int64_t[]){gd_tensor_channels(dy), gd_tensor_channels(x)});
    return GD_OK;
}

static gd_status infer_sum(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0];
    if (!gd_dtype_is_float(x->dtype) || x->ndim < 1)
        return gd_fail_input(err, "sum_pixels", 0, x, "floating [..., C]");
    gd_infer_set(l->out[0], x->dtype, 1, (int64_t[]){gd_tensor_channels(x)});
    return GD_OK;
}

/* All three: each element of input 0 meets every channel of the output. */
static void cost(const gd_launch *l, gd_cost *c) {
    int64_t count = gd_tensor_count(l->out[0]);
    for (int i = 0; i < l->n_in; i++)
        if (l->in[i]) count += gd_tensor_count(l->in[i]);
    c->flop = 2.0 * (double)gd_tensor_count(l->in[0]) * (double)gd_tensor_channels(l->out[0]);
    c->bytes = (double)count * (double)gd_dtype_size(l->in[0]->dtype);
}

static void cost_sum(const gd_launch *l, gd_cost *c) {
    c->flop = (double)gd_tensor_count(l->in[0]);
    c->bytes = (double)(gd_tensor_count(l->in[0]) + gd_tensor_count(l->out[0])) *
               (double)gd_dtype_size(l->in[0]->dtype);
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const int  dy = d_out[0], x = n->in[0], w = n->in[1];
    const bool has_bias = n->n_in > 2 && n->in[2] >= 0;
    GD_TRY(gd_graph_add(g, "linear_bwd_data", NULL, 2, (int[]){dy, w}, &d_in[0], err));
    GD_TRY(gd_graph_add(g, "linear_bwd_weight", NULL, 2, (int[]){dy, x}, &d_in[1], err));
    if (has_bias) GD_TRY(gd_graph_add(g, "sum_pixels", NULL, 1, &dy, &d_in[2], err));
    return GD_OK;
}

static const gd_kernel kernels[] = {
#if GD_HAVE_ONEDNN
    {.name = "linear_dnnl_f32",
     .backend = GD_CPU,
     .dtype = GD_F32,
     .flags = GD_ROW_STEP_INPLACE,
     .fits = gdk_linear_dnnl_fits,
     .absorbs = gdk_dnnl_absorbs,
     .prepare = gdk_linear_dnnl_prepare,
     .release = gdk_dnnl_close,
     .run = gdk_dnnl_run},
#endif
    {.name = "linear_omp_f32",
     .backend = GD_CPU,
     .dtype = GD_F32,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE,
     .fits = gdk_linear_omp_fits,
     .absorbs = gdk_steps_absorbs,
     .scratch = gdk_linear_omp_scratch,
     .prepare = gdk_linear_omp_prepare,
     .release = gd_mem_put,
     .run = gdk_linear_omp_run},
    GD_REF_ROWS(linear),
    {0}};
static const gd_kernel kernels_bwd_data[] = {{.name = "linear_bwd_data_omp_f32",
                                              .backend = GD_CPU,
                                              .dtype = GD_F32,
                                              .flags = GD_ROW_PITCH,
                                              .scratch = gdk_linear_bwd_data_omp_scratch,
                                              .prepare = gdk_igemm_back_prepare,
                                              .release = gd_mem_put,
                                              .run = gdk_linear_bwd_data_omp_run},
                                             GD_REF_ROWS(linear_bwd_data),
                                             {0}};
static const gd_kernel kernels_bwd_weight[] = {{.name = "linear_bwd_weight_omp_f32",
                                                .backend = GD_CPU,
                                                .dtype = GD_F32,
                                                .flags = GD_ROW_PITCH,
                                                .scratch = gdk_linear_bwd_weight_omp_scratch,
                                                .prepare = gdk_igemm_back_prepare,
                                                .release = gd_mem_put,
                                                .run = gdk_linear_bwd_weight_omp_run},
                                               GD_REF_ROWS(linear_bwd_weight),
                                               {0}};
static const gd_kernel kernels_sum[] = {
    {GD_CPU_ROW("sum_pixels_cpu_f32", GD_F32, gdk_sum_pixels_cpu_f32),
     .scratch = gdk_sum_pixels_cpu_scratch},
    GD_REF_ROWS(sum_pixels),
    {0}};

const gd_op gd_op_linear = {.name = "linear",
                            .min_in = 2,
                            .max_in = 3,
                            .n_out = 1,
                            .flags = GD_OP_HALF,
                            .wide_in = 1u << 2,
                            .infer = infer,
                            .cost = cost,
                            .grad = grad,
                            .fold_affine = gdk_fold_affine,
                            .kernels = kernels};

const gd_op gd_op_linear_bwd_data = {.name = "linear_bwd_data",
                                     .min_in = 2,
                                     .max_in = 2,
                                     .n_out = 1,
                                     .flags = GD_OP_HALF,
                                     .infer = infer_bwd_data,
                                     .cost = cost,
                                     .kernels = kernels_bwd_data};

const gd_op gd_op_linear_bwd_weight = {.name = "linear_bwd_weight",
                                       .min_in = 2,
                                       .max_in = 2,
                                       .n_out = 1,
                                       .flags = GD_OP_HALF,
                                       .infer = infer_bwd_weight,
                                       .cost = cost,
                                       .kernels = kernels_bwd_weight};

const gd_op gd_op_sum_pixels = {.name = "sum_pixels",
                                .min_in = 1,
                                .max_in = 1,
                                .n_out = 1,
                                .flags = GD_OP_HALF,
                                .infer = infer_sum,
                                .cost = cost_sum,
                                .kernels = kernels_sum};
