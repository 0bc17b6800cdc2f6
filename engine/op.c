/* op.c -- what operator descriptors share: shape helpers, attribute text; see op.h. */
#include "engine/op.h"

#include <stdio.h>
#include <string.h>

gd_dtype gd_launch_dtype(const gd_launch *l) {
    for (int i = 0; i < l->n_in; i++)
        if (l->in[i] && gd_dtype_is_float(l->in[i]->dtype)) return l->in[i]->dtype;
    for (int i = 0; i < l->n_out; i++)
        if (l->out[i] && gd_dtype_is_float(l->out[i]->dtype)) return l->out[i]->dtype;
    return l->n_in && l->in[0] ? l->in[0]->dtype : GD_F32;
}

gd_dtype gd_op_dtype(const gd_op *op, const gd_launch *l) {
    for (int i = 0; i < l->n_in; i++)
        if (l->in[i] && !(op->wide_in >> i & 1) && gd_dtype_is_float(l->in[i]->dtype))
            return l->in[i]->dtype;
    return gd_launch_dtype(l);
}

/* ---- rows -------------------------------------------------------------------------------- */

enum { MAX_PLUGIN = 4 };
static struct {
    gd_backend_id backend;
    gd_rows_of    rows;
} plugin[MAX_PLUGIN];
static int n_plugin;

void gd_op_register(gd_backend_id backend, gd_rows_of rows) {
    for (int i = 0; i < n_plugin; i++)
        if (plugin[i].rows == rows) return;
    GD_ASSERT(n_plugin < MAX_PLUGIN);
    plugin[n_plugin].backend = backend;
    plugin[n_plugin++].rows = rows;
}

/* Row i of the table that is for the backend; *i counts down over those that are. */
static const gd_kernel *row_in(const gd_kernel *table, gd_backend_id backend, int *i) {
    for (; table && table->name; table++)
        if (table->backend == backend && (*i)-- == 0) return table;
    return NULL;
}

const gd_kernel *gd_op_row(const gd_op *op, gd_backend_id backend, int i) {
    const gd_kernel *row = row_in(op->kernels, backend, &i);
    for (int k = 0; !row && k < n_plugin; k++)
        if (plugin[k].backend == backend) row = row_in(plugin[k].rows(op->name), backend, &i);
    return row;
}

void gd_infer_like(gd_tensor *out, const gd_tensor *in) {
    gd_infer_set(out, in->dtype, in->ndim, in->dim);
}

void gd_infer_set(gd_tensor *out, gd_dtype dtype, int ndim, const int64_t *dim) {
    void *data = out->data;
    *out = gd_tensor_make(dtype, ndim, dim);
    out->data = data;
}

gd_status gd_infer_same(const gd_launch *l, gd_error *err) {
    (void)err;
    gd_infer_like(l->out[0], l->in[0]);
    return GD_OK;
}

gd_status gd_fail_input(gd_error *err, const char *op, int i, const gd_tensor *t,
                        const char *wanted) {
    char text[GD_SHAPE_TEXT];
    return gd_fail(err, GD_ERR_SHAPE, "%s: input %d is %s, wanted %s", op, i,
                   t ? gd_tensor_text(t, text) : "absent", wanted);
}

const char *gd_op_attr_text(const gd_op *op, const void *attr, char *buf, size_t size) {
    size_t n = 0;
    if (size) buf[0] = '\0';
    if (!attr || !op->attr_fields) return buf;
    for (const gd_attr_field *f = op->attr_fields; f->name && n < size; f++) {
        const char *base = (const char *)attr + f->offset;
        n += (size_t)snprintf(buf + n, size - n, "%s%s=", n ? " " : "", f->name);
        for (int i = 0; i < (f->count ? f->count : 1) && n < size; i++) {
            const char *comma = i ? "," : "";
            if (f->type == GD_ATTR_I32)
                n += (size_t)snprintf(buf + n, size - n, "%s%d", comma,
                                      ((const int32_t *)(const void *)base)[i]);
            else
                n += (size_t)snprintf(buf + n, size - n, "%s%g", comma,
                                      (double)((const float *)(const void *)base)[i]);
        }
    }
    return buf;
}
