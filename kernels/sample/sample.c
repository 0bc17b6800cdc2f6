/* sample.c -- what the engine knows about the balanced draw of rows: shapes and kernels. */
#include "kernels/sample/sample.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"n", GD_ATTR_I32, offsetof(gd_sample, n), 0, 256},
    {"fraction", GD_ATTR_F32, offsetof(gd_sample, fraction), 0, 0.5},
    {"stream", GD_ATTR_I32, offsetof(gd_sample, stream), 0, 0},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_sample *a = l->attr;
    GD_TRY(gdk_want(l, "sample", 0, GD_I32, 2, (int64_t[]){-1, -1}, "match i32[B,A]", err));
    GD_TRY(gdk_want(l, "sample", 1, GD_I32, 1, (int64_t[]){4}, "rng i32[4]", err));
    if (a->n < 1 || !(a->fraction >= 0 && a->fraction <= 1))
        return gd_fail(err, GD_ERR_ARG, "sample: n is %d, fraction is %g", (int)a->n,
                       (double)a->fraction);
    if (l->in[0]->dim[1] > INT32_MAX)
        return gd_fail_input(err, "sample", 0, l->in[0], "fewer than 2^31 rows");
    const int64_t B = l->in[0]->dim[0];
    gd_infer_set(l->out[0], GD_I32, 2, (int64_t[]){B, a->n});
    gd_infer_set(l->out[1], GD_I32, 2, (int64_t[]){B, a->n});
    gd_infer_set(l->out[2], GD_I32, 1, &B);
    gd_infer_set(l->out[3], GD_I32, 1, &B);
    return GD_OK;
}

const gd_op gd_op_sample = {
    .name = "sample",
    .min_in = 2,
    .max_in = 2,
    .n_out = 4,
    .attr_fields = fields,
    .attr_size = sizeof(gd_sample),
    .infer = infer,
    .kernels = (const gd_kernel[]){{.name = "sample_cpu_i32",
                                    .backend = GD_CPU,
                                    .dtype = GD_I32,
                                    .flags = GD_ROW_PITCH,
                                    .scratch = gdk_sample_cpu_scratch,
                                    .run = gdk_sample_cpu_i32},
                                   GD_ROW_REF_AS("sample_ref_i32", GD_I32, gdk_sample_ref_f32),
                                   {0}},
};
