/* match_labels.c -- what the engine knows about class targets of matched rows. */
#include "kernels/match_labels/match_labels.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"first", GD_ATTR_I32, offsetof(gd_match_labels, first), 0, 0},
    {"background", GD_ATTR_I32, offsetof(gd_match_labels, background), 0, 0},
    {"per_picture", GD_ATTR_I32, offsetof(gd_match_labels, per_picture), 0, 0},
    {"extra", GD_ATTR_F32, offsetof(gd_match_labels, extra), 0, 0},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    GD_TRY(
        gdk_want(l, "match_labels", 0, GD_I32, 2, (int64_t[]){-1, -1}, "match i32[B,n]", err));
    const int64_t B = l->in[0]->dim[0], n = l->in[0]->dim[1], one = 1;
    GD_TRY(gdk_want(l, "match_labels", 1, GD_I32, 2, (int64_t[]){B, -1}, "gt labels i32[B,G]",
                    err));
    gd_infer_set(l->out[0], GD_I32, 2, (int64_t[]){B, n});
    gd_infer_set(l->out[1], GD_F32, 2, (int64_t[]){B, n});
    gd_infer_set(l->out[2], GD_F32, 2, (int64_t[]){B, n});
    gd_infer_set(l->out[3], GD_F32, 1, &one);
    gd_infer_set(l->out[4], GD_F32, 1, &one);
    return GD_OK;
}

const gd_op gd_op_match_labels = {
    .name = "match_labels",
    .min_in = 2,
    .max_in = 2,
    .n_out = 5,
    .attr_fields = fields,
    .attr_size = sizeof(gd_match_labels),
    .infer = infer,
    .kernels =
        (const gd_kernel[]){
            GD_ROW_REF_AS("match_labels_ref_f32", GD_F32, gdk_match_labels_ref_f32), {0}},
};
