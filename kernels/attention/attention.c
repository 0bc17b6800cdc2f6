/* attention.c -- what the engine knows about attention: shapes, cost, gradient, kernels. */
#include "kernels/attention/attention.h"

#include "engine/graph.h"
#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"heads", GD_ATTR_I32, offsetof(gd_attention, heads), 0, 8},
    {"scale", GD_ATTR_F32, offsetof(gd_attention, scale), 0, 0},
    {0}};

/* q, k, v and mask stand at inputs at .. at + 3 of both operators. */
static gd_status check(const gd_launch *l, const char *op, int at, gd_error *err) {
    const gd_attention *a = l->attr;
    const gd_tensor    *q = l->in[at];
    if (!q || q->ndim != 3 || !gd_dtype_is_float(q->dtype))
        return gd_fail_input(err, op, at, q, "floating queries [B,Lq,C]");
    const int64_t B = q->dim[0], C = q->dim[2];
    int64_t       keys = -1;
    for (int i = at + 1; i <= at + 2; i++) {
        const gd_tensor *t = l->in[i];
        if (!t || t->ndim != 3 || t->dtype != q->dtype || t->dim[0] != B || t->dim[2] != C ||
            (keys >= 0 && t->dim[1] != keys))
            return gd_fail_input(err, op, i, t,
                                 "[B,Lk,C] with batch, channels and type of the queries");
        keys = t->dim[1];
    }
    const gd_tensor *mask = l->n_in > at + 3 ? l->in[at + 3] : NULL;
    if (mask && (mask->ndim != 2 || mask->dtype != gdk_wide(q->dtype) || mask->dim[0] != B ||
                 mask->dim[1] != keys))
        return gd_fail_input(err, op, at + 3, mask, "a mask [B,Lk] (f32 for f16)");
    if (a->heads < 1 || C % a->heads != 0 || C < 1)
        return gd_fail(err, GD_ERR_ARG, "%s: %d heads of %lld channels", op, a->heads,
                       (long long)C);
    if (!(a->scale >= 0))
        return gd_fail(err, GD_ERR_ARG, "%s: scale is %g", op, (double)a->scale);
    return GD_OK;
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    GD_TRY(check(l, "attention", 0, err));
    return gd_infer_same(l, err);
}

static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    GD_TRY(check(l, "attention_bwd", 1, err));
    const gd_tensor *dy = l->in[0];
    if (!dy || dy->dtype != l->in[1]->dtype || !gd_tensor_same_shape(dy, l->in[1]))
        return gd_fail_input(err, "attention_bwd", 0, dy, "d(out) in the shape of the queries");
    for (int i = 0; i < 3; i++) gd_infer_like(l->out[i], l->in[1 + i]);
    return GD_OK;
}

/* Two products for each query, key and channel; an exponential is counted as eight. */
static void cost(const gd_launch *l, gd_cost *c) {
    const gd_attention *a = l->attr;
    const double        pairs =
        (double)l->in[0]->dim[0] * (double)l->in[0]->dim[1] * (double)l->in[1]->dim[1];
    const double values = 2 * (double)(gd_tensor_count(l->in[0]) + gd_tensor_count(l->in[1]));
    *c = (gd_cost){.flop = pairs * (4 * (double)l->in[0]->dim[2] + 8 * a->heads),
                   .bytes = values * (double)gd_dtype_size(l->in[0]->dtype)};
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const int in[] = {d_out[0], n->in[0], n->in[1], n->in[2], n->n_in > 3 ? n->in[3] : -1};
    if (n->n_in > 3) d_in[3] = -1;
    return gd_graph_add(g, "attention_bwd", n->attr, n->n_in + 1, in, d_in, err);
}

/* Weights of one query over all keys; the gradient holds those of their gradients too. */
static size_t ref_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *k = l->in[l->n_out == 1 ? 1 : 2];
    return (size_t)k->dim[1] * 2 * gd_dtype_size(k->dtype);
}

#define REF_ROW(title, type, function)                                                    \
    {                                                                                     \
        .name = title, .backend = GD_CPU, .dtype = type,                                  \
        .flags = GD_ROW_PITCH | GD_ROW_REFERENCE, .scratch = ref_scratch, .run = function \
    }

const gd_op gd_op_attention = {
    .name = "attention",
    .min_in = 3,
    .max_in = 4,
    .n_out = 1,
    .flags = GD_OP_HALF,
    .wide_in = 1u << 3,
    .attr_fields = fields,
    .attr_size = sizeof(gd_attention),
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .kernels = (const gd_kernel[]){{.name = "attention_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .fits = gdk_attention_cpu_fits,
                                    .run = gdk_attention_cpu_f32},
                                   REF_ROW("attention_ref_f32", GD_F32, gdk_attention_ref_f32),
                                   REF_ROW("attention_ref_f64", GD_F64, gdk_attention_ref_f64),
                                   {0}},
};

const gd_op gd_op_attention_bwd = {
    .name = "attention_bwd",
    .min_in = 4,
    .max_in = 5,
    .n_out = 3,
    .flags = GD_OP_HALF,
    .wide_in = 1u << 4,
    .attr_fields = fields,
    .attr_size = sizeof(gd_attention),
    .infer = infer_bwd,
    .kernels =
        (const gd_kernel[]){
            {GD_CPU_ROW("attention_bwd_cpu_f32", GD_F32, gdk_attention_bwd_cpu_f32),
             .scratch = gdk_attention_bwd_cpu_scratch},
            REF_ROW("attention_bwd_ref_f32", GD_F32, gdk_attention_bwd_ref_f32),
            REF_ROW("attention_bwd_ref_f64", GD_F64, gdk_attention_bwd_ref_f64),
            {0}},
};
