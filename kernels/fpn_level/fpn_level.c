/* fpn_level.c -- what the engine knows about the choice of pyramid levels: shapes and
 * kernels. */
#include "kernels/fpn_level/fpn_level.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"k_min", GD_ATTR_I32, offsetof(gd_fpn_level, k_min), 0, 2},
    {"k_max", GD_ATTR_I32, offsetof(gd_fpn_level, k_max), 0, 5},
    {"canonical_scale", GD_ATTR_F32, offsetof(gd_fpn_level, canonical_scale), 0, 224},
    {"canonical_level", GD_ATTR_I32, offsetof(gd_fpn_level, canonical_level), 0, 4},
    {"eps", GD_ATTR_F32, offsetof(gd_fpn_level, eps), 0, 1e-6},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_fpn_level *a = l->attr;
    GD_TRY(
        gdk_want(l, "fpn_level", 0, GD_F32, 3, (int64_t[]){-1, -1, 4}, "boxes [B,n,4]", err));
    if (a->k_min > a->k_max || !(a->canonical_scale > 0))
        return gd_fail(err, GD_ERR_ARG, "fpn_level: levels %d .. %d, canonical scale %g",
                       a->k_min, a->k_max, (double)a->canonical_scale);
    gd_infer_set(l->out[0], GD_I32, 2, l->in[0]->dim);
    return GD_OK;
}

const gd_op gd_op_fpn_level = {
    .name = "fpn_level",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_fpn_level),
    .infer = infer,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(fpn_level), {0}},
};
