/* concat.c -- shapes, join, gradient and the copying kernel of concat.
 *
 * Mostly it costs nothing: the planner lets its inputs be written straight into their places
 * (join), and the copy below runs only where that cannot be. */
#include "kernels/concat/concat.h"

#include "engine/graph.h"
#include "kernels/cpu/spread.h"
#include "kernels/index.h"
#include "kernels/slice/slice.h"

static const gd_attr_field fields[] = {{"axis", GD_ATTR_I32, offsetof(gd_concat, axis), 0, -1},
                                       {0}};

static int axis_of(const gd_launch *l) {
    return gd_index_axis(l->in[0], ((const gd_concat *)l->attr)->axis);
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0];
    const int        axis = axis_of(l);
    int64_t          dim[GD_MAX_DIM], total = 0;
    char             text[GD_SHAPE_TEXT];
    if (axis < 0)
        return gd_fail(err, GD_ERR_SHAPE, "concat: axis %d of %s",
                       (int)((const gd_concat *)l->attr)->axis, gd_tensor_text(x, text));
    for (int i = 0; i < l->n_in; i++) {
        const gd_tensor *t = l->in[i];
        bool             same = t->ndim == x->ndim && t->dtype == x->dtype;
        for (int k = 0; same && k < x->ndim; k++) same = k == axis || t->dim[k] == x->dim[k];
        if (!same || __builtin_add_overflow(total, t->dim[axis], &total))
            return gd_fail_input(err, "concat", i, t, gd_tensor_text(x, text));
    }
    for (int k = 0; k < x->ndim; k++) dim[k] = k == axis ? total : x->dim[k];
    gd_infer_set(l->out[0], x->dtype, x->ndim, dim);
    return GD_OK;
}

/* An input fits inside the output as a whole where it is a range of channels, or a range of the
 * outermost pixels. */
static bool join(const gd_launch *l, int i, size_t *offset) {
    const gd_tensor *y = l->out[0];
    const int        axis = axis_of(l);
    int64_t          outer, inner, before = 0;
    gd_index_around(y, axis, &outer, &inner);
    for (int k = 0; k < i; k++) before += l->in[k]->dim[axis];
    if (axis < y->ndim - 1) {
        if (outer != 1) return false;
        before *= inner * y->pitch;
    }
    *offset = (size_t)before * gd_dtype_size(y->dtype);
    return true;
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const int32_t axis = ((const gd_concat *)n->attr)->axis;
    int64_t       at = 0;
    for (int i = 0; i < n->n_in; i++) {
        const gd_tensor *x = &g->value[n->in[i]].t;
        const int64_t    next = at + x->dim[gd_index_axis(x, axis)];
        const gd_slice   part = {axis, (int32_t)at, (int32_t)next, 1};
        GD_TRY(gd_graph_add(g, "slice", &part, 1, d_out, &d_in[i], err));
        at = next;
    }
    return GD_OK;
}

gd_status gdk_concat_cpu(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *y = l->out[0];
    const int        axis = axis_of(l);
    const size_t     size = gd_dtype_size(y->dtype), y_pitch = (size_t)y->pitch * size;
    int64_t          outer, inner;
    gd_index_around(y, axis, &outer, &inner);
    char *to = y->data;
    for (int i = 0; i < l->n_in; i++) {
        const gd_tensor *x = l->in[i];
        const size_t     x_pitch = (size_t)x->pitch * size;
        const size_t     width = (size_t)gd_tensor_channels(x) * size;
        if (axis == y->ndim - 1) {
            gdk_copy_pixels(to, y_pitch, x->data, x_pitch, gd_tensor_pixels(x), width);
            to += width;
            continue;
        }
        const int64_t run = x->dim[axis] * inner, stride = y->dim[axis] * inner;
        for (int64_t o = 0; o < outer; o++)
            gdk_copy_pixels(to + (size_t)(o * stride) * y_pitch, y_pitch,
                            (const char *)x->data + (size_t)(o * run) * x_pitch, x_pitch, run,
                            width);
        to += (size_t)run * y_pitch;
    }
    return GD_OK;
}

const gd_op gd_op_concat = {
    .name = "concat",
    .min_in = 1,
    .max_in = GD_MAX_IN,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = fields,
    .attr_size = sizeof(gd_concat),
    .infer = infer,
    .grad = grad,
    .join = join,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("concat_cpu_f32", GD_F32, gdk_concat_cpu),
                                   GD_ROW_CPU("concat_cpu_i32", GD_I32, gdk_concat_cpu),
                                   GD_REF_ROWS(concat),
                                   GD_ROW_REF_AS("concat_ref_i32", GD_I32, gdk_concat_ref_f32),
                                   {0}},
};
