/* hard_negatives.c -- what the engine knows about the mining of negatives: shapes, kernels. */
#include "kernels/hard_negatives/hard_negatives.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"ratio", GD_ATTR_F32, offsetof(gd_hard_negatives, ratio), 0, 3},
    {"background", GD_ATTR_I32, offsetof(gd_hard_negatives, background), 0, 0},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_hard_negatives *a = l->attr;
    const gd_tensor         *x = l->in[0];
    GD_TRY(gdk_want(l, "hard_negatives", 0, GD_F32, 3, (int64_t[]){-1, -1, -1},
                    "logits [B,A,C]", err));
    GD_TRY(gdk_want(l, "hard_negatives", 1, GD_I32, 2, x->dim, "match i32[B,A]", err));
    if (!(a->ratio >= 0) || a->background < 0 || a->background >= x->dim[2])
        return gd_fail(err, GD_ERR_ARG, "hard_negatives: ratio %g, background %d of %lld",
                       (double)a->ratio, (int)a->background, (long long)x->dim[2]);
    if (x->dim[1] > INT32_MAX)
        return gd_fail_input(err, "hard_negatives", 0, x, "fewer than 2^31 rows");
    gd_infer_set(l->out[0], x->dtype, 2, x->dim);
    return GD_OK;
}

const gd_op gd_op_hard_negatives = {
    .name = "hard_negatives",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_hard_negatives),
    .infer = infer,
    .kernels = (const gd_kernel[]){{.name = "hard_negatives_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .scratch = gdk_hard_negatives_cpu_scratch,
                                    .run = gdk_hard_negatives_cpu_f32},
                                   GD_REF_ROWS(hard_negatives),
                                   {0}},
};
