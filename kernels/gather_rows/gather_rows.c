/* gather_rows.c -- shapes, gradient and the copying kernels of rows picked by index. */
#include "kernels/gather_rows/gather_rows.h"

#include <string.h>

#include "engine/graph.h"
#include "kernels/arg.h"
#include "kernels/cpu/spread.h"

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0];
    GD_TRY(
        gdk_want(l, "gather_rows", 1, GD_I32, 2, (int64_t[]){-1, -1}, "index i32[B,n]", err));
    const int64_t B = l->in[1]->dim[0], n = l->in[1]->dim[1];
    if (x->ndim != 2 && (x->ndim != 3 || x->dim[0] != B))
        return gd_fail_input(err, "gather_rows", 0, x, "x [B,A,C] or [A,C]");
    gd_infer_set(l->out[0], x->dtype, 3, (int64_t[]){B, n, gd_tensor_channels(x)});
    return GD_OK;
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const gd_tensor *x = &g->value[n->in[0]].t;
    if (x->ndim == 2) return GD_OK;
    const gd_gather_rows_bwd b = {(int32_t)x->dim[1]};
    return gd_graph_add(g, "gather_rows_bwd", &b, 2, (const int[]){d_out[0], n->in[1]}, d_in,
                        err);
}

static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    const gd_gather_rows_bwd *a = l->attr;
    GD_TRY(gdk_want(l, "gather_rows_bwd", 0, GD_F32, 3, (int64_t[]){-1, -1, -1},
                    "d_out [B,n,C]", err));
    const gd_tensor *d = l->in[0];
    GD_TRY(gdk_want(l, "gather_rows_bwd", 1, GD_I32, 2, d->dim, "index i32[B,n]", err));
    if (a->rows < 1)
        return gd_fail(err, GD_ERR_ARG, "gather_rows_bwd: rows is %d", (int)a->rows);
    gd_infer_set(l->out[0], d->dtype, 3, (int64_t[]){d->dim[0], a->rows, d->dim[2]});
    return GD_OK;
}

static void some_rows(void *ctx, int64_t first, int64_t last) {
    const gd_launch *l = ctx;
    const gd_tensor *x = l->in[0], *y = l->out[0];
    const int64_t    n = y->dim[1], A = x->dim[x->ndim - 2];
    const int64_t    size = (int64_t)gd_dtype_size(x->dtype);
    const size_t     width = (size_t)(gd_tensor_channels(y) * size);
    for (int64_t row = first; row < last; row++) {
        const int64_t b = row / n;
        const int64_t i = GD_AT(const int32_t, l->in[1], b)[row % n];
        char         *to = (char *)y->data + row * y->pitch * size;
        if (i < 0 || i >= A)
            memset(to, 0, width);
        else
            memcpy(to, (const char *)x->data + (x->ndim == 2 ? i : b * A + i) * x->pitch * size,
                   width);
    }
}

gd_status gdk_gather_rows_cpu(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *y = l->out[0];
    gdk_spread_pixels(gd_tensor_pixels(y),
                      2 * (size_t)gd_tensor_channels(y) * gd_dtype_size(y->dtype), some_rows,
                      (void *)l);
    return GD_OK;
}

gd_status gdk_gather_rows_bwd_cpu(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *d = l->in[0], *y = l->out[0];
    const int64_t    B = y->dim[0], A = y->dim[1], n = d->dim[1];
    const size_t     width = (size_t)y->dim[2] * sizeof(float);
    for (int64_t row = 0; row < B * A; row++) memset(GD_AT(float, y, row), 0, width);
    for (int64_t row = 0; row < B * n; row++) {
        const int64_t i = GD_AT(const int32_t, l->in[1], row / n)[row % n];
        if (i >= 0 && i < A)
            memcpy(GD_AT(float, y, row / n * A + i), GD_AT(const float, d, row), width);
    }
    return GD_OK;
}

const gd_op gd_op_gather_rows = {
    .name = "gather_rows",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .infer = infer,
    .grad = grad,
    .kernels =
        (const gd_kernel[]){GD_ROW_CPU("gather_rows_cpu_f32", GD_F32, gdk_gather_rows_cpu),
                            GD_ROW_CPU("gather_rows_cpu_i32", GD_I32, gdk_gather_rows_cpu),
                            GD_REF_ROWS(gather_rows),
                            GD_ROW_REF_AS("gather_rows_ref_i32", GD_I32, gdk_gather_rows_cpu),
                            {0}},
};

static const gd_attr_field bwd_fields[] = {
    {"rows", GD_ATTR_I32, offsetof(gd_gather_rows_bwd, rows), 0, 0}, {0}};

const gd_op gd_op_gather_rows_bwd = {
    .name = "gather_rows_bwd",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = bwd_fields,
    .attr_size = sizeof(gd_gather_rows_bwd),
    .infer = infer_bwd,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("gather_rows_bwd_cpu_f32", GD_F32,
                                              gdk_gather_rows_bwd_cpu),
                                   GD_REF_ROWS(gather_rows_bwd),
                                   {0}},
};
