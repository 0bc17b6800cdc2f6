/* append_boxes.c -- what the engine knows about boxes behind boxes: shapes and kernels. */
#include "kernels/append_boxes/append_boxes.h"

#include "kernels/arg.h"

static gd_status infer(const gd_launch *l, gd_error *err) {
    const char *op = "append_boxes";
    GD_TRY(gdk_want(l, op, 0, GD_F32, 3, (int64_t[]){-1, -1, 4}, "boxes [B,P,4]", err));
    const int64_t B = l->in[0]->dim[0];
    GD_TRY(gdk_want(l, op, 1, GD_I32, 1, &B, "count i32[B]", err));
    GD_TRY(gdk_want(l, op, 2, GD_F32, 3, (int64_t[]){B, -1, 4}, "gt [B,G,4]", err));
    GD_TRY(gdk_want(l, op, 3, GD_I32, 1, &B, "gt_count i32[B]", err));
    const int64_t rows = l->in[0]->dim[1] + l->in[2]->dim[1];
    gd_infer_set(l->out[0], l->in[0]->dtype, 3, (int64_t[]){B, rows, 4});
    gd_infer_set(l->out[1], GD_I32, 1, &B);
    return GD_OK;
}

const gd_op gd_op_append_boxes = {
    .name = "append_boxes",
    .min_in = 4,
    .max_in = 4,
    .n_out = 2,
    .infer = infer,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(append_boxes), {0}},
};
