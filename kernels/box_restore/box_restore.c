/* box_restore.c -- what the engine knows about restoring boxes: shapes and kernels. */
#include "kernels/box_restore/box_restore.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"mode", GD_ATTR_I32, offsetof(gd_box_restore, mode), 0, GD_RESTORE_RATIO},
    {"clip", GD_ATTR_I32, offsetof(gd_box_restore, clip), 0, 0},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_box_restore *a = l->attr;
    GD_TRY(
        gdk_want(l, "box_restore", 0, GD_F32, 3, (int64_t[]){-1, -1, 4}, "boxes [B,n,4]", err));
    GD_TRY(gdk_want(l, "box_restore", 1, GD_F32, 2, (int64_t[]){l->in[0]->dim[0], GD_GEOM},
                    "geometry [B,8]", err));
    if (a->mode < GD_RESTORE_RATIO || a->mode > GD_RESTORE_DONE)
        return gd_fail(err, GD_ERR_ARG, "box_restore: mode %d", a->mode);
    return gd_infer_same(l, err);
}

const gd_op gd_op_box_restore = {
    .name = "box_restore",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .flags = GD_OP_INPLACE,
    .attr_fields = fields,
    .attr_size = sizeof(gd_box_restore),
    .infer = infer,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(box_restore), {0}},
};
