/* box_encode.c -- what the engine knows about regression targets: shapes and kernels. */
#include "kernels/box_encode/box_encode.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"weights", GD_ATTR_F32, offsetof(gd_box_encode, weights), 4, 1}, {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_box_encode *a = l->attr;
    GD_TRY(gdk_want(l, "box_encode", 0, GD_F32, 3, (int64_t[]){-1, -1, 4}, "gt [B,G,4]", err));
    const int64_t B = l->in[0]->dim[0];
    GD_TRY(gdk_want(l, "box_encode", 1, GD_I32, 2, (int64_t[]){B, -1}, "match i32[B,n]", err));
    const int64_t n = l->in[1]->dim[1];
    if (l->in[2]->ndim == 2)
        GD_TRY(gdk_want(l, "box_encode", 2, GD_F32, 2, (int64_t[]){n, 4}, "boxes [n,4]", err));
    else
        GD_TRY(gdk_want(l, "box_encode", 2, GD_F32, 3, (int64_t[]){B, n, 4},
                        "boxes [n,4] or [B,n,4]", err));
    for (int i = 0; i < 4; i++)
        if (!(a->weights[i] > 0))
            return gd_fail(err, GD_ERR_ARG, "box_encode: weight %d is %g", i,
                           (double)a->weights[i]);
    gd_infer_set(l->out[0], l->in[0]->dtype, 3, (int64_t[]){B, n, 4});
    return GD_OK;
}

const gd_op gd_op_box_encode = {
    .name = "box_encode",
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_box_encode),
    .infer = infer,
    .kernels =
        (const gd_kernel[]){GD_ROW_CPU("box_encode_cpu_f32", GD_F32, gdk_box_encode_cpu_f32),
                            GD_REF_ROWS(box_encode),
                            {0}},
};
