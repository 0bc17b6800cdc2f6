/* anchors.c -- what the engine knows about the anchor grid: shapes and kernels. */
#include "kernels/anchors/anchors.h"

static const gd_attr_field fields[] = {
    {"stride_h", GD_ATTR_I32, offsetof(gd_anchors, stride_h), 0, 4},
    {"stride_w", GD_ATTR_I32, offsetof(gd_anchors, stride_w), 0, 4},
    {"n_size", GD_ATTR_I32, offsetof(gd_anchors, n_size), 0, 1},
    {"size", GD_ATTR_F32, offsetof(gd_anchors, size), GD_ANCHORS_MAX, 32},
    {"n_ratio", GD_ATTR_I32, offsetof(gd_anchors, n_ratio), 0, 3},
    {"ratio", GD_ATTR_F32, offsetof(gd_anchors, ratio), GD_ANCHORS_MAX, 1},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_anchors *a = l->attr;
    const gd_tensor  *x = l->in[0];
    if (x->ndim != 4 || !gd_dtype_is_float(x->dtype))
        return gd_fail_input(err, "anchors", 0, x, "a floating feature map [B,H,W,C]");
    if (a->stride_h < 1 || a->stride_w < 1 || a->n_size < 1 || a->n_size > GD_ANCHORS_MAX ||
        a->n_ratio < 1 || a->n_ratio > GD_ANCHORS_MAX)
        return gd_fail(err, GD_ERR_ARG, "anchors: stride %d x %d, %d sizes, %d ratios",
                       a->stride_h, a->stride_w, a->n_size, a->n_ratio);
    for (int i = 0; i < a->n_size; i++)
        if (!(a->size[i] > 0))
            return gd_fail(err, GD_ERR_ARG, "anchors: size %d is %g", i, (double)a->size[i]);
    for (int i = 0; i < a->n_ratio; i++)
        if (!(a->ratio[i] > 0))
            return gd_fail(err, GD_ERR_ARG, "anchors: ratio %d is %g", i, (double)a->ratio[i]);
    gd_infer_set(l->out[0], x->dtype, 2,
                 (int64_t[]){x->dim[1] * x->dim[2] * a->n_size * a->n_ratio, 4});
    return GD_OK;
}

const gd_op gd_op_anchors = {
    .name = "anchors",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_SHAPES_ONLY,
    .attr_fields = fields,
    .attr_size = sizeof(gd_anchors),
    .infer = infer,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(anchors), {0}},
};
