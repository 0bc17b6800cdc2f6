/* slice_ref.c -- the definition of slice and of its gradient, by coordinates. */
#include <string.h>

#include "kernels/index.h"
#include "kernels/ref.h"
#include "kernels/slice/slice.h"

/* Elements are moved, not computed with: the same code serves every type. */
gd_status GD_REF(slice)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_slice  *a = l->attr;
    const gd_tensor *x = l->in[0];
    gd_tensor       *y = l->out[0];
    const int        axis = gd_index_axis(x, a->axis);
    const int64_t    start = gdk_slice_bound(a->start, x->dim[axis]);
    const size_t     size = gd_dtype_size(x->dtype);
    for (int64_t k = 0; k < gd_tensor_count(y); k++) {
        int64_t at[GD_MAX_DIM] = {0};
        gd_index_split(y, k, at);
        char *to = (char *)y->data + (size_t)gd_index_join(y, at) * size;
        at[axis] = start + at[axis] * a->step;
        memcpy(to, (const char *)x->data + (size_t)gd_index_join(x, at) * size, size);
    }
    return GD_OK;
}

gd_status GD_REF(slice_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_slice_bwd *a = l->attr;
    const gd_tensor    *d_y = l->in[0];
    gd_tensor          *d_x = l->out[0];
    const int           axis = gd_index_axis(d_x, a->axis);
    for (int64_t k = 0; k < gd_tensor_count(d_x); k++) {
        int64_t at[GD_MAX_DIM] = {0};
        gd_index_split(d_x, k, at);
        gd_real      *to = (gd_real *)d_x->data + gd_index_join(d_x, at);
        const int64_t i = at[axis] - a->start;
        *to = 0;
        if (i < 0 || i % a->step || i / a->step >= d_y->dim[axis]) continue;
        at[axis] = i / a->step;
        *to = ((const gd_real *)d_y->data)[gd_index_join(d_y, at)];
    }
    return GD_OK;
}
