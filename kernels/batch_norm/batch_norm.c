/* batch_norm.c -- what the engine knows about batch norm: shapes, gradients, folding,
 * kernels. */
#include "kernels/batch_norm/batch_norm.h"

#include <math.h>

#include "engine/graph.h"
#include "kernels/cpu/steps.h"
#include "kernels/describe.h"

/* gamma 1, beta 0, mean 0, var 1 are data; eps is 1e-5 in every PyTorch layer, 0 in
 * torchvision's frozen detection files. */
static const gd_attr_field fields[] = {
    {"eps", GD_ATTR_F32, offsetof(gd_batch_norm, eps), 0, (double)1e-5f}, {0}};
static const gd_attr_field train_fields[] = {
    {"eps", GD_ATTR_F32, offsetof(gd_batch_norm_train, eps), 0, (double)1e-5f},
    {"momentum", GD_ATTR_F32, offsetof(gd_batch_norm_train, momentum), 0, (double)0.1f},
    {0}};

static gd_status check_eps(const char *op, float eps, gd_error *err) {
    if (eps >= 0 && isfinite(eps)) return GD_OK;
    return gd_fail(err, GD_ERR_ARG, "%s: eps %g", op, (double)eps);
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    GD_TRY(check_eps("batch_norm", ((const gd_batch_norm *)l->attr)->eps, err));
    GD_TRY(gdk_check_vectors(l, "batch_norm", 1, err));
    return gd_infer_same(l, err);
}

static gd_status infer_train(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0];
    GD_TRY(check_eps("batch_norm_train", ((const gd_batch_norm_train *)l->attr)->eps, err));
    GD_TRY(gdk_check_vectors(l, "batch_norm_train", 1, err));
    if (gd_tensor_pixels(x) < 2)
        return gd_fail_input(err, "batch_norm_train", 0, x, "two or more values a channel");
    for (int i = 1; i < 5; i++) gd_infer_like(l->out[i], l->in[1]);
    return gd_infer_same(l, err);
}

/* Inputs of both gradients: d_y, x, then three vectors. */
static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    GD_TRY(gdk_check_pair(l, "batch norm gradient", err));
    GD_TRY(gdk_check_vectors(l, "batch norm gradient", 2, err));
    gd_infer_like(l->out[1], l->in[2]);
    gd_infer_like(l->out[2], l->in[2]);
    return gd_infer_same(l, err);
}

static void cost(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 3, c); }
static void cost_train(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 7, c); }
static void cost_bwd(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 6, c); }

/* The running values are statistics, not parameters: no gradient. */
static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const int args[5] = {d_out[0], n->in[0], n->in[1], n->in[3], n->in[4]};
    d_in[3] = d_in[4] = -1;
    return gd_graph_add(g, "batch_norm_bwd", n->attr, 5, args, d_in, err);
}

static gd_status grad_train(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                            gd_error *err) {
    const int args[5] = {d_out[0], n->in[0], n->in[1], n->out[1], n->out[2]};
    d_in[3] = d_in[4] = -1;
    return gd_graph_add(g, "batch_norm_train_bwd", n->attr, 5, args, d_in, err);
}

static bool as_affine(const gd_launch *l, double *scale, double *shift) {
    const double eps = (double)((const gd_batch_norm *)l->attr)->eps;
    if ((l->const_in & 0x1e) != 0x1e) return false;
    for (int64_t c = 0; c < gd_tensor_channels(l->in[0]); c++) {
        scale[c] = gd_tensor_get(l->in[1], c) / sqrt(gd_tensor_get(l->in[4], c) + eps);
        shift[c] = gd_tensor_get(l->in[2], c) - gd_tensor_get(l->in[3], c) * scale[c];
    }
    return true;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)gd_tensor_channels(l->in[0]) * sizeof(float);
}

const gd_op gd_op_batch_norm = {
    .name = "batch_norm",
    .min_in = 5,
    .max_in = 5,
    .n_out = 1,
    .flags = GD_OP_INPLACE | GD_OP_HALF_FOLLOW,
    .wide_in = 0x1e,
    .attr_fields = fields,
    .attr_size = sizeof(gd_batch_norm),
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .as_affine = as_affine,
    .kernels = (const gd_kernel[]){{.name = "batch_norm_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .absorbs = GDK_STEPS_UNARY,
                                    .scratch = scratch,
                                    .run = gdk_batch_norm_cpu_f32},
                                   GD_REF_ROWS(batch_norm),
                                   {0}},
};

const gd_op gd_op_batch_norm_bwd = {
    .name = "batch_norm_bwd",
    .min_in = 5,
    .max_in = 5,
    .n_out = 3,
    .flags = GD_OP_HALF_FOLLOW,
    .wide_in = 0x1c,
    .attr_fields = fields,
    .attr_size = sizeof(gd_batch_norm),
    .infer = infer_bwd,
    .cost = cost_bwd,
    .kernels = (const gd_kernel[]){{GD_CPU_ROW("batch_norm_bwd_cpu_f32", GD_F32,
                                               gdk_batch_norm_bwd_cpu_f32),
                                    .scratch = gdk_batch_norm_bwd_cpu_scratch},
                                   GD_REF_ROWS(batch_norm_bwd),
                                   {0}},
};

const gd_op gd_op_batch_norm_train = {
    .name = "batch_norm_train",
    .min_in = 5,
    .max_in = 5,
    .n_out = 5,
    .flags = GD_OP_HALF_FOLLOW,
    .wide_in = 0x1e,
    .update_out = 0x18, /* the running values */
    .attr_fields = train_fields,
    .attr_size = sizeof(gd_batch_norm_train),
    .infer = infer_train,
    .cost = cost_train,
    .grad = grad_train,
    .kernels = (const gd_kernel[]){{GD_CPU_ROW("batch_norm_train_cpu_f32", GD_F32,
                                               gdk_batch_norm_train_cpu_f32),
                                    .scratch = gdk_batch_norm_train_cpu_scratch},
                                   GD_REF_ROWS(batch_norm_train),
                                   {0}},
};

const gd_op gd_op_batch_norm_train_bwd = {
    .name = "batch_norm_train_bwd",
    .min_in = 5,
    .max_in = 5,
    .n_out = 3,
    .flags = GD_OP_HALF_FOLLOW,
    .wide_in = 0x1c,
    .attr_fields = train_fields,
    .attr_size = sizeof(gd_batch_norm_train),
    .infer = infer_bwd,
    .cost = cost_bwd,
    .kernels = (const gd_kernel[]){{GD_CPU_ROW("batch_norm_train_bwd_cpu_f32", GD_F32,
                                               gdk_batch_norm_train_bwd_cpu_f32),
                                    .scratch = gdk_batch_norm_bwd_cpu_scratch},
                                   GD_REF_ROWS(batch_norm_train_bwd),
                                   {0}},
};
