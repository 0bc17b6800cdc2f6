/* roi_align.c -- what the engine knows about RoIAlign: shapes, cost, gradient, kernels. */
#include "kernels/roi_align/roi_align.h"

#include "engine/graph.h"
#include "kernels/arg.h"

#define FIELDS                                                                   \
    {"out_h", GD_ATTR_I32, offsetof(gd_roi_align, out_h), 0, 7},                 \
        {"out_w", GD_ATTR_I32, offsetof(gd_roi_align, out_w), 0, 7},             \
        {"sampling", GD_ATTR_I32, offsetof(gd_roi_align, sampling), 0, 2},       \
        {"aligned", GD_ATTR_I32, offsetof(gd_roi_align, aligned), 0, 0},         \
        {"n_scale", GD_ATTR_I32, offsetof(gd_roi_align, n_scale), 0, 4}, {       \
        "scale", GD_ATTR_F32, offsetof(gd_roi_align, scale), GD_ROI_MAX_SCALE, 0 \
    }

static const gd_attr_field fields[] = {FIELDS, {0}};
/* gd_roi_align_bwd starts with a gd_roi_align, so the offsets agree. */
static const gd_attr_field fields_bwd[] = {
    FIELDS, {"which", GD_ATTR_I32, offsetof(gd_roi_align_bwd, which), 0, 0}, {0}};

static gd_status check_attr(const gd_roi_align *a, gd_error *err) {
    if (a->out_h < 1 || a->out_w < 1 || a->sampling < 0 || a->sampling > GD_ROI_MAX_GRID ||
        a->n_scale < 1 || a->n_scale > GD_ROI_MAX_SCALE)
        return gd_fail(err, GD_ERR_ARG, "roi_align: out %d x %d, sampling %d, %d levels",
                       a->out_h, a->out_w, a->sampling, a->n_scale);
    for (int i = 0; i < a->n_scale; i++)
        if (!(a->scale[i] > 0))
            return gd_fail(err, GD_ERR_ARG, "roi_align: scale %d is %g", i,
                           (double)a->scale[i]);
    return GD_OK;
}

/* boxes, count, level stand at inputs at, at + 1, at + 2 of both operators. */
static gd_status check_boxes(const gd_launch *l, const char *op, int at, gd_error *err) {
    const gd_tensor *box = l->in[at];
    if (!box || box->ndim != 3 || box->dim[2] != 4 ||
        box->dtype != gdk_wide(gd_launch_dtype(l)))
        return gd_fail_input(err, op, at, box, "boxes [B,n,4] (f32 for f16)");
    const int64_t B = l->in[at]->dim[0], n = l->in[at]->dim[1];
    if (l->n_in > at + 1 && l->in[at + 1])
        GD_TRY(gdk_want(l, op, at + 1, GD_I32, 1, &B, "count i32[B]", err));
    if (l->n_in > at + 2 && l->in[at + 2])
        GD_TRY(gdk_want(l, op, at + 2, GD_I32, 2, (int64_t[]){B, n}, "level i32[B,n]", err));
    return GD_OK;
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_roi_align *a = l->attr;
    GD_TRY(check_attr(a, err));
    GD_TRY(check_boxes(l, "roi_align", 0, err));
    const int64_t B = l->in[0]->dim[0], n = l->in[0]->dim[1];
    if (l->n_in != 3 + a->n_scale)
        return gd_fail(err, GD_ERR_ARG, "roi_align: %d inputs, wanted 3 and %d features",
                       l->n_in, a->n_scale);
    /* Features may be FP16 beside FP32 boxes; else they have the type of the boxes. */
    const gd_dtype type = l->in[3] && l->in[3]->dtype == GD_F16 ? GD_F16 : l->in[0]->dtype;
    if (l->in[0]->dtype != gdk_wide(type))
        return gd_fail_input(err, "roi_align", 0, l->in[0], "f32 boxes beside f16 features");
    int64_t C = -1;
    for (int i = 0; i < a->n_scale; i++) {
        GD_TRY(gdk_want(l, "roi_align", 3 + i, type, 4, (int64_t[]){B, -1, -1, C},
                        "features [B,H,W,C] of one C and type", err));
        C = l->in[3]->dim[3];
    }
    gd_infer_set(l->out[0], type, 4, (int64_t[]){B * n, a->out_h, a->out_w, C});
    return GD_OK;
}

/* Four products a sampling point and channel; an adaptive grid is counted as 2 x 2. */
static void cost(const gd_launch *l, gd_cost *c) {
    const gd_roi_align *a = l->attr;
    const double        out = (double)gd_tensor_count(l->out[0]);
    const double        grid = a->sampling ? a->sampling : 2;
    double              bytes = out;
    for (int i = 3; i < l->n_in; i++) bytes += (double)gd_tensor_count(l->in[i]);
    *c = (gd_cost){.flop = 8 * grid * grid * out,
                   .bytes = bytes * (double)gd_dtype_size(l->out[0]->dtype)};
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    gd_roi_align_bwd a = {.fwd = *(const gd_roi_align *)n->attr};
    for (int i = 0; i < n->n_in; i++) d_in[i] = -1;
    for (int i = 0; i < a.fwd.n_scale; i++) {
        const int in[] = {d_out[0], n->in[0], n->in[1], n->in[2], n->in[3 + i]};
        a.which = i;
        GD_TRY(gd_graph_add(g, "roi_align_bwd", &a, 5, in, &d_in[3 + i], err));
    }
    return GD_OK;
}

static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    const gd_roi_align_bwd *a = l->attr;
    GD_TRY(check_attr(&a->fwd, err));
    GD_TRY(check_boxes(l, "roi_align_bwd", 1, err));
    const int64_t B = l->in[1]->dim[0], n = l->in[1]->dim[1];
    GD_TRY(gdk_want(l, "roi_align_bwd", 4, GD_F32, 4, (int64_t[]){B, -1, -1, -1},
                    "a feature [B,H,W,C]", err));
    GD_TRY(gdk_want(l, "roi_align_bwd", 0, GD_F32, 4,
                    (int64_t[]){B * n, a->fwd.out_h, a->fwd.out_w, l->in[4]->dim[3]},
                    "d(out) [B*n,out_h,out_w,C]", err));
    if (a->which < 0 || a->which >= a->fwd.n_scale)
        return gd_fail(err, GD_ERR_ARG, "roi_align_bwd: level %d of %d", a->which,
                       a->fwd.n_scale);
    gd_infer_like(l->out[0], l->in[4]);
    return GD_OK;
}

const gd_op gd_op_roi_align = {
    .name = "roi_align",
    .min_in = 1,
    .max_in = 3 + GD_ROI_MAX_SCALE,
    .n_out = 1,
    .flags = GD_OP_HALF,
    .wide_in = 0x7,
    .attr_fields = fields,
    .attr_size = sizeof(gd_roi_align),
    .infer = infer,
    .cost = cost,
    .grad = grad,
    .kernels = (const gd_kernel[]){{.name = "roi_align_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .run = gdk_roi_align_cpu_f32},
                                   GD_REF_ROWS(roi_align),
                                   {0}},
};

const gd_op gd_op_roi_align_bwd = {
    .name = "roi_align_bwd",
    .min_in = 2,
    .max_in = 5,
    .n_out = 1,
    .flags = GD_OP_HALF,
    .wide_in = 0xe,
    .attr_fields = fields_bwd,
    .attr_size = sizeof(gd_roi_align_bwd),
    .infer = infer_bwd,
    .kernels = (const gd_kernel[]){{.name = "roi_align_bwd_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .run = gdk_roi_align_bwd_cpu_f32},
                                   GD_REF_ROWS(roi_align_bwd),
                                   {0}},
};
