/* slice.c -- shapes, views, gradient and the copying kernel of slice. */
#include "kernels/slice/slice.h"

#include "engine/graph.h"
#include "kernels/cpu/spread.h"
#include "kernels/index.h"

static const gd_attr_field fields[] = {
    {"axis", GD_ATTR_I32, offsetof(gd_slice, axis), 0, -1},
    {"start", GD_ATTR_I32, offsetof(gd_slice, start), 0, 0},
    {"stop", GD_ATTR_I32, offsetof(gd_slice, stop), 0, INT32_MAX},
    {"step", GD_ATTR_I32, offsetof(gd_slice, step), 0, 1},
    {0}};
static const gd_attr_field bwd_fields[] = {
    {"axis", GD_ATTR_I32, offsetof(gd_slice_bwd, axis), 0, -1},
    {"start", GD_ATTR_I32, offsetof(gd_slice_bwd, start), 0, 0},
    {"step", GD_ATTR_I32, offsetof(gd_slice_bwd, step), 0, 1},
    {"size", GD_ATTR_I32, offsetof(gd_slice_bwd, size), 0, 0},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_slice  *a = l->attr;
    const gd_tensor *x = l->in[0];
    const int        axis = gd_index_axis(x, a->axis);
    int64_t          dim[GD_MAX_DIM];
    char             text[GD_SHAPE_TEXT];
    if (axis < 0 || a->step < 1)
        return gd_fail(err, GD_ERR_ARG, "slice: axis %d step %d of %s", (int)a->axis,
                       (int)a->step, gd_tensor_text(x, text));
    const int64_t start = gdk_slice_bound(a->start, x->dim[axis]);
    const int64_t stop = gdk_slice_bound(a->stop, x->dim[axis]);
    if (stop <= start)
        return gd_fail(err, GD_ERR_ARG, "slice: %d:%d of axis %d of %s holds nothing",
                       (int)a->start, (int)a->stop, axis, gd_tensor_text(x, text));
    for (int k = 0; k < x->ndim; k++) dim[k] = x->dim[k];
    dim[axis] = (stop - start + a->step - 1) / a->step;
    gd_infer_set(l->out[0], x->dtype, x->ndim, dim);
    return GD_OK;
}

/* Where the result's pixels are evenly spaced in the input, nothing needs to move. */
static bool view(const gd_launch *l, size_t *offset) {
    const gd_slice  *a = l->attr;
    const gd_tensor *x = l->in[0];
    gd_tensor       *y = l->out[0];
    const int        axis = gd_index_axis(x, a->axis);
    const int64_t    start = gdk_slice_bound(a->start, x->dim[axis]);
    int64_t          outer, inner, first = start, pitch = x->pitch;
    gd_index_around(x, axis, &outer, &inner);
    if (axis == x->ndim - 1) {
        if (a->step != 1 && y->dim[axis] != 1) return false;
    } else {
        if (outer != 1) return false;
        if (a->step != 1 && y->dim[axis] != 1) {
            if (inner != 1) return false;
            pitch *= a->step;
        }
        first = start * inner * x->pitch;
    }
    y->pitch = pitch;
    *offset = (size_t)first * gd_dtype_size(x->dtype);
    return true;
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const gd_slice    *a = n->attr;
    const gd_tensor   *x = &g->value[n->in[0]].t;
    const int64_t      size = x->dim[gd_index_axis(x, a->axis)];
    const gd_slice_bwd b = {a->axis, (int32_t)gdk_slice_bound(a->start, size), a->step,
                            (int32_t)size};
    return gd_graph_add(g, "slice_bwd", &b, 1, d_out, d_in, err);
}

static gd_status infer_bwd(const gd_launch *l, gd_error *err) {
    const gd_slice_bwd *a = l->attr;
    const gd_tensor    *d_y = l->in[0];
    const int           axis = gd_index_axis(d_y, a->axis);
    int64_t             dim[GD_MAX_DIM];
    char                text[GD_SHAPE_TEXT];
    if (axis < 0 || a->start < 0 || a->step < 1 ||
        a->start + (d_y->dim[axis] - 1) * a->step >= a->size)
        return gd_fail(err, GD_ERR_ARG, "slice_bwd: axis %d start %d step %d size %d from %s",
                       (int)a->axis, (int)a->start, (int)a->step, (int)a->size,
                       gd_tensor_text(d_y, text));
    for (int k = 0; k < d_y->ndim; k++) dim[k] = d_y->dim[k];
    dim[axis] = a->size;
    gd_infer_set(l->out[0], d_y->dtype, d_y->ndim, dim);
    return GD_OK;
}

/* Steps between channels are left to the reference. */
static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_slice *a = l->attr;
    return a->step == 1 || gd_index_axis(l->in[0], a->axis) < l->in[0]->ndim - 1;
}

typedef struct slice_job {
    const gd_tensor *x, *y;
    int64_t          run, runs, extent, start, step, inner;
    size_t           size;
} slice_job;

/* Runs of adjacent pixels: whole ranges of the axis at step 1, else one position of it each. */
static void copy_runs(void *ctx, int64_t first, int64_t last) {
    const slice_job *j = ctx;
    const size_t     xs = (size_t)j->x->pitch * j->size, ys = (size_t)j->y->pitch * j->size;
    for (int64_t r = first; r < last; r++) {
        const int64_t o = r / j->runs, k = r % j->runs;
        const int64_t from = (o * j->extent + j->start + k * j->step) * j->inner;
        gdk_copy_pixels((char *)j->y->data + (size_t)(r * j->run) * ys, ys,
                        (const char *)j->x->data + (size_t)from * xs, xs, j->run,
                        (size_t)gd_tensor_channels(j->y) * j->size);
    }
}

gd_status gdk_slice_cpu(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_slice  *a = l->attr;
    const gd_tensor *x = l->in[0], *y = l->out[0];
    const int        axis = gd_index_axis(x, a->axis);
    const size_t     size = gd_dtype_size(x->dtype);
    const size_t     width = (size_t)gd_tensor_channels(y) * size;
    const int64_t    start = gdk_slice_bound(a->start, x->dim[axis]);
    if (axis == x->ndim - 1) {
        gdk_copy_pixels(y->data, (size_t)y->pitch * size,
                        (const char *)x->data + start * (int64_t)size, (size_t)x->pitch * size,
                        gd_tensor_pixels(y), width);
        return GD_OK;
    }
    slice_job j = {.x = x, .y = y, .extent = x->dim[axis], .start = start, .size = size};
    int64_t   outer;
    gd_index_around(x, axis, &outer, &j.inner);
    j.step = a->step;
    j.runs = a->step == 1 ? 1 : y->dim[axis];
    j.run = a->step == 1 ? y->dim[axis] * j.inner : j.inner;
    if (outer * j.runs == 1)
        copy_runs(&j, 0, 1);
    else
        gdk_spread_pixels(outer * j.runs, (size_t)j.run * 2 * width, copy_runs, &j);
    return GD_OK;
}

const gd_op gd_op_slice = {
    .name = "slice",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = fields,
    .attr_size = sizeof(gd_slice),
    .infer = infer,
    .grad = grad,
    .view = view,
    .kernels = (const gd_kernel[]){{.name = "slice_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .fits = fits,
                                    .run = gdk_slice_cpu},
                                   {.name = "slice_cpu_i32",
                                    .backend = GD_CPU,
                                    .dtype = GD_I32,
                                    .flags = GD_ROW_PITCH,
                                    .fits = fits,
                                    .run = gdk_slice_cpu},
                                   GD_REF_ROWS(slice),
                                   GD_ROW_REF_AS("slice_ref_i32", GD_I32, gdk_slice_ref_f32),
                                   {0}},
};

const gd_op gd_op_slice_bwd = {
    .name = "slice_bwd",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = bwd_fields,
    .attr_size = sizeof(gd_slice_bwd),
    .infer = infer_bwd,
    .kernels =
        (const gd_kernel[]){GD_ROW_CPU("slice_bwd_cpu_f32", GD_F32, gdk_slice_bwd_cpu_f32),
                            GD_REF_ROWS(slice_bwd),
                            {0}},
};
