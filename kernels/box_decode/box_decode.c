/* box_decode.c -- what the engine knows about box decoding: shapes, cost and kernels. */
#include "kernels/box_decode/box_decode.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"weights", GD_ATTR_F32, offsetof(gd_box_decode, weights), 4, 1},
    {"max_log", GD_ATTR_F32, offsetof(gd_box_decode, max_log), 0, 4.135166556742356},
    {"clip", GD_ATTR_I32, offsetof(gd_box_decode, clip), 0, 0},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_box_decode *a = l->attr;
    const gd_tensor     *d = l->in[0];
    GD_TRY(gdk_want(l, "box_decode", 0, GD_F32, 3, (int64_t[]){-1, -1, -1},
                    "deltas [B,n,4*groups]", err));
    if (d->dim[2] % 4 || !d->dim[2])
        return gd_fail_input(err, "box_decode", 0, d, "deltas [B,n,4*groups]");
    const int64_t B = d->dim[0], n = d->dim[1];
    if (l->in[1]->ndim == 2)
        GD_TRY(
            gdk_want(l, "box_decode", 1, GD_F32, 2, (int64_t[]){n, 4}, "anchors [n,4]", err));
    else
        GD_TRY(gdk_want(l, "box_decode", 1, GD_F32, 3, (int64_t[]){B, n, 4},
                        "anchors [n,4] or [B,n,4]", err));
    int64_t k = n;
    if (l->n_in > 2 && l->in[2]) {
        GD_TRY(
            gdk_want(l, "box_decode", 2, GD_I32, 2, (int64_t[]){B, -1}, "index i32[B,k]", err));
        k = l->in[2]->dim[1];
    }
    if (a->clip)
        GD_TRY(gdk_want(l, "box_decode", 3, GD_F32, 2, (int64_t[]){B, GD_GEOM},
                        "geometry [B,8], because clip is 1", err));
    for (int i = 0; i < 4; i++)
        if (!(a->weights[i] > 0))
            return gd_fail(err, GD_ERR_ARG, "box_decode: weight %d is %g", i,
                           (double)a->weights[i]);
    gd_infer_set(l->out[0], d->dtype, 3, (int64_t[]){B, k, d->dim[2]});
    return GD_OK;
}

static void cost(const gd_launch *l, gd_cost *c) {
    const double n = (double)gd_tensor_count(l->out[0]);
    *c = (gd_cost){.flop = 8 * n, .bytes = 3 * n * (double)gd_dtype_size(l->out[0]->dtype)};
}

const gd_op gd_op_box_decode = {
    .name = "box_decode",
    .min_in = 2,
    .max_in = 4,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_box_decode),
    .infer = infer,
    .cost = cost,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(box_decode), {0}},
};
