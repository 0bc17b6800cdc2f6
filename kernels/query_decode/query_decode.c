/* query_decode.c -- what the engine knows about decoding queries: shapes and kernels. */
#include "kernels/query_decode/query_decode.h"

#include "kernels/arg.h"

static gd_status infer(const gd_launch *l, gd_error *err) {
    const char *op = "query_decode";
    GD_TRY(
        gdk_want(l, op, 0, GD_F32, 3, (int64_t[]){-1, -1, -1}, "logits [B,n,classes+1]", err));
    const int64_t B = l->in[0]->dim[0], n = l->in[0]->dim[1];
    if (l->in[0]->dim[2] < 2)
        return gd_fail_input(err, op, 0, l->in[0], "a class and the absence of one");
    GD_TRY(gdk_want(l, op, 1, GD_F32, 3, (int64_t[]){B, n, 4}, "raw boxes [B,n,4]", err));
    gd_infer_set(l->out[0], l->in[0]->dtype, 3, (int64_t[]){B, n, 4});
    gd_infer_set(l->out[1], l->in[0]->dtype, 2, (int64_t[]){B, n});
    gd_infer_set(l->out[2], GD_I32, 2, (int64_t[]){B, n});
    return GD_OK;
}

const gd_op gd_op_query_decode = {
    .name = "query_decode",
    .min_in = 2,
    .max_in = 2,
    .n_out = 3,
    .infer = infer,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(query_decode), {0}},
};
