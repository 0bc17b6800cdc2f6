/* hungarian.c -- what the engine knows about DETR's assignment: shapes and kernels. */
#include "kernels/hungarian/hungarian.h"

#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/hungarian/hungarian_assign.h"

static const gd_attr_field fields[] = {
    {"class_cost", GD_ATTR_F32, offsetof(gd_hungarian, class_cost), 0, 1},
    {"l1", GD_ATTR_F32, offsetof(gd_hungarian, l1), 0, 5},
    {"giou", GD_ATTR_F32, offsetof(gd_hungarian, giou), 0, 2},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const char *op = "hungarian";
    GD_TRY(gdk_want(l, op, 0, GD_F32, 3, (int64_t[]){-1, -1, -1}, "logits [B,Q,C]", err));
    const int64_t B = l->in[0]->dim[0], Q = l->in[0]->dim[1];
    GD_TRY(gdk_want(l, op, 1, GD_F32, 3, (int64_t[]){B, Q, 4}, "boxes [B,Q,4]", err));
    GD_TRY(gdk_want(l, op, 2, GD_F32, 3, (int64_t[]){B, -1, 4}, "gt [B,G,4]", err));
    GD_TRY(gdk_want(l, op, 3, GD_I32, 2, l->in[2]->dim, "gt labels i32[B,G]", err));
    GD_TRY(gdk_want(l, op, 4, GD_I32, 1, &B, "gt_count i32[B]", err));
    /* The assignment takes the cube of these. */
    if (Q > INT16_MAX || l->in[2]->dim[1] > INT16_MAX)
        return gd_fail(err, GD_ERR_ARG, "hungarian: %lld queries, %lld boxes, at most %d",
                       (long long)Q, (long long)l->in[2]->dim[1], INT16_MAX);
    gd_infer_set(l->out[0], GD_I32, 2, l->in[0]->dim);
    return GD_OK;
}

/* Of each picture: costs [G][Q], then the assignment's own, with G and Q in either role. */
static size_t picture_bytes(const gd_launch *l) {
    const int64_t Q = l->in[0]->dim[1], G = l->in[2]->dim[1], most = Q > G ? Q : G;
    return (size_t)(G * Q) * sizeof(double) + gdk_assign_bytes(most, most);
}

size_t gdk_hungarian_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)l->in[0]->dim[0] * picture_bytes(l);
}

gd_status gdk_hungarian_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t B = l->in[0]->dim[0];
#pragma omp parallel for num_threads(gd_cpu_threads()) if (B > 1)
    for (int64_t b = 0; b < B; b++) gdk_hungarian_picture_ref_f32(l, b);
    return GD_OK;
}

#define ROW(title, type, more, function)                                                 \
    {                                                                                    \
        .name = title, .backend = GD_CPU, .dtype = type, .flags = GD_ROW_PITCH | (more), \
        .scratch = gdk_hungarian_scratch, .run = function                                \
    }

const gd_op gd_op_hungarian = {
    .name = "hungarian",
    .min_in = 5,
    .max_in = 5,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_hungarian),
    .infer = infer,
    .kernels =
        (const gd_kernel[]){
            ROW("hungarian_cpu_f32", GD_F32, 0, gdk_hungarian_cpu_f32),
            ROW("hungarian_ref_f32", GD_F32, GD_ROW_REFERENCE, gdk_hungarian_ref_f32),
            ROW("hungarian_ref_f64", GD_F64, GD_ROW_REFERENCE, gdk_hungarian_ref_f64),
            {0}},
};
