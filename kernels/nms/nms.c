/* nms.c -- what the engine knows about non-maximum suppression: shapes and kernels. */
#include "kernels/nms/nms.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"iou", GD_ATTR_F32, offsetof(gd_nms, iou), 0, 0.5},
    {"min_score", GD_ATTR_F32, offsetof(gd_nms, min_score), 0, 0},
    {"strict_score", GD_ATTR_I32, offsetof(gd_nms, strict_score), 0, 0},
    {"min_size", GD_ATTR_F32, offsetof(gd_nms, min_size), 0, 0},
    {"max_out", GD_ATTR_I32, offsetof(gd_nms, max_out), 0, 0},
    {"beta", GD_ATTR_F32, offsetof(gd_nms, beta), 0, 0},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_nms *a = l->attr;
    GD_TRY(gdk_want(l, "nms", 0, GD_F32, 3, (int64_t[]){-1, -1, 4}, "boxes [B,n,4]", err));
    const int64_t B = l->in[0]->dim[0], n = l->in[0]->dim[1];
    GD_TRY(gdk_want(l, "nms", 1, GD_F32, 2, (int64_t[]){B, n}, "scores [B,n]", err));
    if (l->n_in > 2 && l->in[2])
        GD_TRY(gdk_want(l, "nms", 2, GD_I32, 2, (int64_t[]){B, n}, "group i32[B,n]", err));
    if (l->n_in > 3 && l->in[3])
        GD_TRY(gdk_want(l, "nms", 3, GD_I32, 1, &B, "count i32[B]", err));
    if (a->max_out < 0) return gd_fail(err, GD_ERR_ARG, "nms: max_out is %d", a->max_out);
    if (!(a->beta >= 0)) return gd_fail(err, GD_ERR_ARG, "nms: beta is %g", (double)a->beta);
    if (n > INT32_MAX)
        return gd_fail_input(err, "nms", 0, l->in[0], "fewer than 2^31 boxes a picture");
    const int64_t m = a->max_out ? a->max_out : n;
    gd_infer_set(l->out[0], GD_I32, 2, (int64_t[]){B, m});
    gd_infer_set(l->out[1], GD_I32, 1, &B);
    gd_infer_set(l->out[2], l->in[0]->dtype, 1, &B);
    gd_infer_set(l->out[3], GD_I32, 1, &B);
    return GD_OK;
}

/* The reference marks what is kept or suppressed: a byte a box. */
static size_t ref_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)l->in[0]->dim[1];
}

#define REF_ROW(title, type, function)                                                    \
    {                                                                                     \
        .name = title, .backend = GD_CPU, .dtype = type,                                  \
        .flags = GD_ROW_PITCH | GD_ROW_REFERENCE, .scratch = ref_scratch, .run = function \
    }

const gd_op gd_op_nms = {
    .name = "nms",
    .min_in = 2,
    .max_in = 4,
    .n_out = 4,
    .attr_fields = fields,
    .attr_size = sizeof(gd_nms),
    .infer = infer,
    .kernels = (const gd_kernel[]){{.name = "nms_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .scratch = gdk_nms_cpu_scratch,
                                    .run = gdk_nms_cpu_f32},
                                   REF_ROW("nms_ref_f32", GD_F32, gdk_nms_ref_f32),
                                   REF_ROW("nms_ref_f64", GD_F64, gdk_nms_ref_f64),
                                   {0}},
};
