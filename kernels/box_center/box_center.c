/* box_center.c -- what the engine knows about boxes as centre and size: shapes and kernels. */
#include "kernels/box_center/box_center.h"

#include "kernels/arg.h"

static gd_status infer(const gd_launch *l, gd_error *err) {
    GD_TRY(
        gdk_want(l, "box_center", 0, GD_F32, 3, (int64_t[]){-1, -1, 4}, "boxes [B,n,4]", err));
    GD_TRY(gdk_want(l, "box_center", 1, GD_F32, 2, (int64_t[]){l->in[0]->dim[0], GD_GEOM},
                    "geometry [B,8]", err));
    gd_infer_like(l->out[0], l->in[0]);
    return GD_OK;
}

const gd_op gd_op_box_center = {
    .name = "box_center",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .infer = infer,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(box_center), {0}},
};
