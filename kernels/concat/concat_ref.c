/* concat_ref.c -- the definition of concat: each element finds its place by coordinates. */
#include <string.h>

#include "kernels/concat/concat.h"
#include "kernels/index.h"
#include "kernels/ref.h"

/* Elements are moved, not computed with: the same code serves every type. */
gd_status GD_REF(concat)(const gd_launch *l, gd_error *err) {
    (void)err;
    gd_tensor   *y = l->out[0];
    const int    axis = gd_index_axis(y, ((const gd_concat *)l->attr)->axis);
    const size_t size = gd_dtype_size(y->dtype);
    int64_t      before = 0;
    for (int i = 0; i < l->n_in; i++) {
        const gd_tensor *x = l->in[i];
        for (int64_t k = 0; k < gd_tensor_count(x); k++) {
            int64_t at[GD_MAX_DIM];
            gd_index_split(x, k, at);
            const char *from = (const char *)x->data + (size_t)gd_index_join(x, at) * size;
            at[axis] += before;
            memcpy((char *)y->data + (size_t)gd_index_join(y, at) * size, from, size);
        }
        before += x->dim[axis];
    }
    return GD_OK;
}
