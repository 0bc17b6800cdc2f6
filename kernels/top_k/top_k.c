/* top_k.c -- what the engine knows about top-k: shapes and kernels. */
#include "kernels/top_k/top_k.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {{"k", GD_ATTR_I32, offsetof(gd_top_k, k), 0, 1000}, {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_top_k *a = l->attr;
    GD_TRY(gdk_want(l, "top_k", 0, GD_F32, 2, (int64_t[]){-1, -1}, "scores [B,n]", err));
    const int64_t B = l->in[0]->dim[0];
    if (l->n_in > 1 && l->in[1])
        GD_TRY(gdk_want(l, "top_k", 1, GD_I32, 1, &B, "count i32[B]", err));
    if (a->k < 1) return gd_fail(err, GD_ERR_ARG, "top_k: k is %d", a->k);
    if (l->in[0]->dim[1] > INT32_MAX)
        return gd_fail_input(err, "top_k", 0, l->in[0], "fewer than 2^31 scores a picture");
    gd_infer_set(l->out[0], l->in[0]->dtype, 2, (int64_t[]){B, a->k});
    gd_infer_set(l->out[1], GD_I32, 2, (int64_t[]){B, a->k});
    gd_infer_set(l->out[2], GD_I32, 1, &B);
    return GD_OK;
}

const gd_op gd_op_top_k = {
    .name = "top_k",
    .min_in = 1,
    .max_in = 2,
    .n_out = 3,
    .attr_fields = fields,
    .attr_size = sizeof(gd_top_k),
    .infer = infer,
    .kernels = (const gd_kernel[]){{.name = "top_k_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .scratch = gdk_top_k_cpu_scratch,
                                    .run = gdk_top_k_cpu_f32},
                                   GD_REF_ROWS(top_k),
                                   {0}},
};
