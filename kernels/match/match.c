/* match.c -- what the engine knows about matching boxes with ground truth: shapes, kernels. */
#include "kernels/match/match.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"high", GD_ATTR_F32, offsetof(gd_match, high), 0, 0.5},
    {"low", GD_ATTR_F32, offsetof(gd_match, low), 0, 0.5},
    {"allow_low_quality", GD_ATTR_I32, offsetof(gd_match, allow_low_quality), 0, 0},
    {"claim", GD_ATTR_I32, offsetof(gd_match, claim), 0, 0},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_match *a = l->attr;
    GD_TRY(gdk_want(l, "match", 1, GD_F32, 3, (int64_t[]){-1, -1, 4}, "gt [B,G,4]", err));
    const int64_t B = l->in[1]->dim[0];
    if (l->in[0]->ndim == 2)
        GD_TRY(gdk_want(l, "match", 0, GD_F32, 2, (int64_t[]){-1, 4}, "boxes [A,4]", err));
    else
        GD_TRY(gdk_want(l, "match", 0, GD_F32, 3, (int64_t[]){B, -1, 4},
                        "boxes [A,4] or [B,A,4]", err));
    GD_TRY(gdk_want(l, "match", 2, GD_I32, 1, &B, "gt_count i32[B]", err));
    if (l->n_in > 3 && l->in[3])
        GD_TRY(gdk_want(l, "match", 3, GD_I32, 1, &B, "count i32[B]", err));
    if (!(a->low >= 0 && a->low <= a->high))
        return gd_fail(err, GD_ERR_ARG, "match: low is %g, high is %g", (double)a->low,
                       (double)a->high);
    if (a->allow_low_quality && a->claim)
        return gd_fail(err, GD_ERR_ARG, "match: both allow_low_quality and claim are set");
    const int64_t A = l->in[0]->dim[l->in[0]->ndim - 2];
    if (A > INT32_MAX) return gd_fail_input(err, "match", 0, l->in[0], "fewer than 2^31 boxes");
    gd_infer_set(l->out[0], GD_I32, 2, (int64_t[]){B, A});
    return GD_OK;
}

/* Some fifteen operations an IoU. */
static void cost(const gd_launch *l, gd_cost *c) {
    const double pairs = (double)gd_tensor_count(l->out[0]) * (double)l->in[1]->dim[1];
    *c = (gd_cost){.flop = 15 * pairs,
                   .bytes =
                       4.0 * (double)(gd_tensor_count(l->in[0]) + gd_tensor_count(l->in[1]) +
                                      gd_tensor_count(l->out[0]))};
}

const gd_op gd_op_match = {
    .name = "match",
    .min_in = 3,
    .max_in = 4,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_match),
    .infer = infer,
    .cost = cost,
    .kernels = (const gd_kernel[]){{.name = "match_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .scratch = gdk_match_cpu_scratch,
                                    .run = gdk_match_cpu_f32},
                                   GD_REF_ROWS(match),
                                   {0}},
};
