/* class_boxes.c -- what the engine knows about per-class selection: shapes and kernels. */
#include "kernels/class_boxes/class_boxes.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"min_score", GD_ATTR_F32, offsetof(gd_class_boxes, min_score), 0, 0.05},
    {"min_size", GD_ATTR_F32, offsetof(gd_class_boxes, min_size), 0, 0.01},
    {"background", GD_ATTR_I32, offsetof(gd_class_boxes, background), 0, 0},
    {"capacity", GD_ATTR_I32, offsetof(gd_class_boxes, capacity), 0, 4096},
    {"per_class", GD_ATTR_I32, offsetof(gd_class_boxes, per_class), 0, 0},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_class_boxes *a = l->attr;
    const char           *op = "class_boxes";
    GD_TRY(gdk_want(l, op, 0, GD_F32, 3, (int64_t[]){-1, -1, -1}, "scores [B,n,classes]", err));
    const int64_t B = l->in[0]->dim[0], n = l->in[0]->dim[1], K = l->in[0]->dim[2];
    if (l->in[1]->ndim == 3 && l->in[1]->dim[2] == 4)
        GD_TRY(gdk_want(l, op, 1, GD_F32, 3, (int64_t[]){B, n, 4}, "boxes [B,n,4]", err));
    else
        GD_TRY(gdk_want(l, op, 1, GD_F32, 3, (int64_t[]){B, n, 4 * K},
                        "boxes [B,n,4] or [B,n,4*classes]", err));
    if (l->n_in > 2 && l->in[2]) GD_TRY(gdk_want(l, op, 2, GD_I32, 1, &B, "count i32[B]", err));
    if (a->capacity < 1 || a->per_class < 0 || a->background >= K)
        return gd_fail(err, GD_ERR_ARG,
                       "class_boxes: capacity %d, %d a class, background %d of %lld classes",
                       a->capacity, a->per_class, a->background, (long long)K);
    if (n > INT32_MAX / K)
        return gd_fail_input(err, op, 0, l->in[0], "fewer than 2^31 scores a picture");
    const int64_t cap = a->capacity;
    gd_infer_set(l->out[0], l->in[0]->dtype, 3, (int64_t[]){B, cap, 4});
    gd_infer_set(l->out[1], l->in[0]->dtype, 2, (int64_t[]){B, cap});
    gd_infer_set(l->out[2], GD_I32, 2, (int64_t[]){B, cap});
    gd_infer_set(l->out[3], GD_I32, 1, &B);
    gd_infer_set(l->out[4], GD_I32, 1, &B);
    gd_infer_set(l->out[5], l->in[0]->dtype, 1, &B);
    return GD_OK;
}

/* The reference marks the candidates of one picture: a byte a score. */
static size_t ref_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)(l->in[0]->dim[1] * l->in[0]->dim[2]);
}

#define REF_ROW(title, type, function)                                                    \
    {                                                                                     \
        .name = title, .backend = GD_CPU, .dtype = type,                                  \
        .flags = GD_ROW_PITCH | GD_ROW_REFERENCE, .scratch = ref_scratch, .run = function \
    }

const gd_op gd_op_class_boxes = {
    .name = "class_boxes",
    .min_in = 2,
    .max_in = 3,
    .n_out = 6,
    .attr_fields = fields,
    .attr_size = sizeof(gd_class_boxes),
    .infer = infer,
    .kernels =
        (const gd_kernel[]){{.name = "class_boxes_cpu_f32",
                             .backend = GD_CPU,
                             .dtype = GD_F32,
                             .flags = GD_ROW_PITCH,
                             .scratch = gdk_class_boxes_cpu_scratch,
                             .run = gdk_class_boxes_cpu_f32},
                            REF_ROW("class_boxes_ref_f32", GD_F32, gdk_class_boxes_ref_f32),
                            REF_ROW("class_boxes_ref_f64", GD_F64, gdk_class_boxes_ref_f64),
                            {0}},
};
