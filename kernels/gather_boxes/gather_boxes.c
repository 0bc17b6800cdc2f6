/* gather_boxes.c -- what the engine knows about picking boxes by index: shapes and kernels. */
#include "kernels/gather_boxes/gather_boxes.h"

#include "kernels/arg.h"

static gd_status infer(const gd_launch *l, gd_error *err) {
    const char *op = "gather_boxes";
    GD_TRY(gdk_want(l, op, 0, GD_F32, 3, (int64_t[]){-1, -1, 4}, "boxes [B,n,4]", err));
    const int64_t B = l->in[0]->dim[0], n = l->in[0]->dim[1];
    GD_TRY(gdk_want(l, op, 1, GD_F32, 2, (int64_t[]){B, n}, "scores [B,n]", err));
    if (l->n_in > 2 && l->in[2])
        GD_TRY(gdk_want(l, op, 2, GD_I32, 2, (int64_t[]){B, n}, "labels i32[B,n]", err));
    GD_TRY(gdk_want(l, op, 3, GD_I32, 2, (int64_t[]){B, -1}, "index i32[B,m]", err));
    if (l->n_in > 4 && l->in[4]) GD_TRY(gdk_want(l, op, 4, GD_I32, 1, &B, "count i32[B]", err));
    const int64_t m = l->in[3]->dim[1];
    gd_infer_set(l->out[0], l->in[0]->dtype, 3, (int64_t[]){B, m, 4});
    gd_infer_set(l->out[1], l->in[0]->dtype, 2, (int64_t[]){B, m});
    gd_infer_set(l->out[2], GD_I32, 2, (int64_t[]){B, m});
    return GD_OK;
}

const gd_op gd_op_gather_boxes = {
    .name = "gather_boxes",
    .min_in = 2,
    .max_in = 5,
    .n_out = 3,
    .infer = infer,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(gather_boxes), {0}},
};
