/* reshape.c -- shapes, view, gradient and the copying kernel of reshape.
 *
 * Of a dense tensor it is always a view; the copy runs only where a result must be dense and
 * the
 * input is not. */
#include "kernels/reshape/reshape.h"

#include "engine/graph.h"
#include "kernels/cpu/spread.h"
#include "kernels/index.h"

static const gd_attr_field fields[] = {{"ndim", GD_ATTR_I32, offsetof(gd_reshape, ndim), 0, 0},
                                       {"dim", GD_ATTR_I32, offsetof(gd_reshape, dim), 6, 0},
                                       {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_reshape *a = l->attr;
    const gd_tensor  *x = l->in[0];
    int64_t           dim[GD_MAX_DIM], known = 1;
    int               open = -1;
    char              text[GD_SHAPE_TEXT];
    bool              ok = a->ndim >= 0 && a->ndim <= GD_MAX_DIM;
    for (int i = 0; ok && i < a->ndim; i++) {
        dim[i] = a->dim[i];
        if (a->dim[i] == -1 && open < 0)
            open = i;
        else
            ok = a->dim[i] >= 0 && !__builtin_mul_overflow(known, dim[i], &known);
    }
    const int64_t count = gd_tensor_count(x);
    if (ok && open >= 0) {
        ok = known > 0 && count % known == 0;
        if (ok) dim[open] = count / known;
    } else if (ok) {
        ok = known == count;
    }
    if (!ok)
        return gd_fail(err, GD_ERR_SHAPE, "reshape: %s to %d axes (%d, %d, %d, %d, %d, %d)",
                       gd_tensor_text(x, text), (int)a->ndim, (int)a->dim[0], (int)a->dim[1],
                       (int)a->dim[2], (int)a->dim[3], (int)a->dim[4], (int)a->dim[5]);
    gd_infer_set(l->out[0], x->dtype, a->ndim, dim);
    return GD_OK;
}

static bool view(const gd_launch *l, size_t *offset) {
    const gd_tensor *x = l->in[0];
    gd_tensor       *y = l->out[0];
    *offset = 0;
    if (gd_tensor_dense(x) || gd_tensor_pixels(x) == 1) {
        y->pitch = gd_tensor_channels(y);
        return true;
    }
    if (gd_tensor_channels(x) != gd_tensor_channels(y)) return false;
    y->pitch = x->pitch;
    return true;
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const gd_tensor *x = &g->value[n->in[0]].t;
    gd_reshape       back = {.ndim = x->ndim};
    for (int i = 0; i < x->ndim; i++) back.dim[i] = (int32_t)x->dim[i];
    return gd_graph_add(g, "reshape", &back, 1, d_out, d_in, err);
}

/* One side dense, or both of one width: then whole pixels of the narrower pitch move. */
static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *x = l->in[0], *y = l->out[0];
    return gd_tensor_dense(x) || gd_tensor_dense(y) ||
           gd_tensor_channels(x) == gd_tensor_channels(y);
}

gd_status gdk_reshape_cpu(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *x = l->in[0], *y = l->out[0];
    const size_t     size = gd_dtype_size(x->dtype);
    const bool       by_x = gd_tensor_dense(y); /* y follows x's pixels without a gap */
    const gd_tensor *t = by_x ? x : y;
    const size_t     width = (size_t)gd_tensor_channels(t) * size;
    const size_t     xs = by_x || !gd_tensor_dense(x) ? (size_t)x->pitch * size : width;
    const size_t     ys = by_x ? width : (size_t)y->pitch * size;
    gdk_copy_pixels(y->data, ys, x->data, xs, gd_tensor_pixels(t), width);
    return GD_OK;
}

const gd_op gd_op_reshape = {
    .name = "reshape",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = fields,
    .attr_size = sizeof(gd_reshape),
    .infer = infer,
    .grad = grad,
    .view = view,
    .kernels =
        (const gd_kernel[]){{.name = "reshape_cpu_f32",
                             .backend = GD_CPU,
                             .dtype = GD_F32,
                             .flags = GD_ROW_PITCH,
                             .fits = fits,
                             .run = gdk_reshape_cpu},
                            {.name = "reshape_cpu_i32",
                             .backend = GD_CPU,
                             .dtype = GD_I32,
                             .flags = GD_ROW_PITCH,
                             .fits = fits,
                             .run = gdk_reshape_cpu},
                            GD_REF_ROWS(reshape),
                            GD_ROW_REF_AS("reshape_ref_i32", GD_I32, gdk_reshape_ref_f32),
                            {0}},
};
