/* dfl.c -- what the engine knows about boxes from distributions: shapes, gradient, kernels. */
#include "kernels/dfl/dfl.h"

#include "engine/graph.h"
#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"n_level", GD_ATTR_I32, offsetof(gd_dfl, n_level), 0, 3},
    {"stride", GD_ATTR_I32, offsetof(gd_dfl, stride), GD_DFL_MAX_LEVEL, 8},
    {0}};
static const gd_attr_field bwd_fields[] = {
    {"stride", GD_ATTR_I32, offsetof(gd_dfl_bwd, stride), 0, 8},
    {"first", GD_ATTR_I32, offsetof(gd_dfl_bwd, first), 0, 0},
    {0}};

static gd_status check_bins(const char *op, const gd_launch *l, int i, gd_error *err) {
    const int64_t C = l->in[i]->dim[3];
    if (C % 4 || C < 4 || C > 4 * GD_DFL_MAX_BINS)
        return gd_fail_input(err, op, i, l->in[i], "four rows of 1 to 64 bins");
    return GD_OK;
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_dfl *a = l->attr;
    int64_t       B = -1, C = -1, n = 0;
    if (a->n_level < 1 || a->n_level > GD_DFL_MAX_LEVEL || l->n_in != a->n_level)
        return gd_fail(err, GD_ERR_ARG, "dfl: %d levels, %d inputs", a->n_level, l->n_in);
    for (int i = 0; i < a->n_level; i++) {
        GD_TRY(gdk_want(l, "dfl", i, GD_F32, 4, (int64_t[]){B, -1, -1, C},
                        "distributions [B,H,W,4*bins]", err));
        GD_TRY(check_bins("dfl", l, i, err));
        B = l->in[0]->dim[0];
        C = l->in[0]->dim[3];
        n += l->in[i]->dim[1] * l->in[i]->dim[2];
        if (a->stride[i] < 1)
            return gd_fail(err, GD_ERR_ARG, "dfl: stride %d is %d", i, a->stride[i]);
    }
    if (n > INT32_MAX)
        return gd_fail_input(err, "dfl", 0, l->in[0], "fewer than 2^31 boxes a picture");
    gd_infer_set(l->out[0], l->in[0]->dtype, 3, (int64_t[]){B, n, 4});
    return GD_OK;
}

static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    const gd_dfl_bwd *a = l->attr;
    GD_TRY(gdk_want(l, "dfl_bwd", 1, GD_F32, 4, (int64_t[]){-1, -1, -1, -1},
                    "distributions [B,H,W,4*bins]", err));
    GD_TRY(check_bins("dfl_bwd", l, 1, err));
    const gd_tensor *x = l->in[1];
    GD_TRY(gdk_want(l, "dfl_bwd", 0, GD_F32, 3, (int64_t[]){x->dim[0], -1, 4},
                    "gradient of boxes [B,n,4]", err));
    if (a->first < 0 || l->in[0]->dim[1] - a->first < x->dim[1] * x->dim[2] || a->stride < 1)
        return gd_fail_input(err, "dfl_bwd", 0, l->in[0], "rows for every cell of the level");
    gd_infer_like(l->out[0], x);
    return GD_OK;
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const gd_dfl *a = n->attr;
    int64_t       first = 0;
    for (int i = 0; i < n->n_in; i++) {
        const gd_tensor *x = &g->value[n->in[i]].t;
        const int64_t    cells = x->dim[1] * x->dim[2];
        const gd_dfl_bwd level = {a->stride[i], (int32_t)first};
        const int        args[2] = {d_out[0], n->in[i]};
        GD_TRY(gd_graph_add(g, "dfl_bwd", &level, 2, args, &d_in[i], err));
        first += cells;
    }
    return GD_OK;
}

const gd_op gd_op_dfl = {
    .name = "dfl",
    .min_in = 1,
    .max_in = GD_DFL_MAX_LEVEL,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_dfl),
    .infer = infer,
    .grad = grad,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("dfl_cpu_f32", GD_F32, gdk_dfl_cpu_f32),
                                   GD_REF_ROWS(dfl),
                                   {0}},
};

const gd_op gd_op_dfl_bwd = {
    .name = "dfl_bwd",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_fields = bwd_fields,
    .attr_size = sizeof(gd_dfl_bwd),
    .infer = infer_bwd,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(dfl_bwd), {0}},
};
