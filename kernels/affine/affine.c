/* affine.c -- what the engine knows about affine: shapes, gradient, folding, kernels. */
#include "kernels/affine/affine.h"

#include "engine/graph.h"
#include "kernels/describe.h"

static gd_status infer(const gd_launch *l, gd_error *err) {
    GD_TRY(gdk_check_vectors(l, "affine", 1, err));
    return gd_infer_same(l, err);
}

static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    GD_TRY(gdk_check_pair(l, "affine_bwd", err));
    GD_TRY(gdk_check_vectors(l, "affine_bwd", 2, err));
    gd_infer_like(l->out[1], l->in[2]);
    gd_infer_like(l->out[2], l->in[2]);
    return gd_infer_same(l, err);
}

static void cost(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 2, c); }
static void cost_bwd(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 4, c); }

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const int args[3] = {d_out[0], n->in[0], n->in[1]};
    return gd_graph_add(g, "affine_bwd", NULL, 3, args, d_in, err);
}

static bool as_affine(const gd_launch *l, double *scale, double *shift) {
    if ((l->const_in & 6) != 6) return false;
    for (int64_t c = 0; c < gd_tensor_channels(l->in[0]); c++) {
        scale[c] = gd_tensor_get(l->in[1], c);
        shift[c] = gd_tensor_get(l->in[2], c);
    }
    return true;
}

const gd_op gd_op_affine = {
    .name = "affine",
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .flags = GD_OP_INPLACE | GD_OP_HALF_FOLLOW,
    .wide_in = 0x6,
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .as_affine = as_affine,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("affine_cpu_f32", GD_F32, gdk_affine_cpu_f32),
                                   GD_REF_ROWS(affine),
                                   {0}},
};

const gd_op gd_op_affine_bwd = {
    .name = "affine_bwd",
    .min_in = 3,
    .max_in = 3,
    .n_out = 3,
    .flags = GD_OP_HALF_FOLLOW,
    .wide_in = 0x4,
    .infer = infer_bwd,
    .cost = cost_bwd,
    .kernels =
        (const gd_kernel[]){{GD_CPU_ROW("affine_bwd_cpu_f32", GD_F32, gdk_affine_bwd_cpu_f32),
                             .scratch = gdk_affine_bwd_cpu_scratch},
                            GD_REF_ROWS(affine_bwd),
                            {0}},
};
