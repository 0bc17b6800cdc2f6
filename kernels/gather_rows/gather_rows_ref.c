/* gather_rows_ref.c -- the definition of rows picked by index, and of their gradient. */
#include "kernels/arg.h"
#include "kernels/gather_rows/gather_rows.h"
#include "kernels/ref.h"

/* The row of a table of A rows that entry j of picture b names, or -1. */
static int64_t row_of(const gd_tensor *index, int64_t b, int64_t j, int64_t A) {
    const int64_t i = GD_AT(const int32_t, index, b)[j];
    return i >= 0 && i < A ? i : -1;
}

gd_status GD_REF(gather_rows)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *x = l->in[0], *y = l->out[0];
    const int64_t    n = y->dim[1], C = y->dim[2], A = x->dim[x->ndim - 2];
    for (int64_t b = 0; b < y->dim[0]; b++)
        for (int64_t j = 0; j < n; j++) {
            const int64_t i = row_of(l->in[1], b, j, A), from = x->ndim == 2 ? i : b * A + i;
            gd_real      *to = GD_AT(gd_real, y, b * n + j);
            for (int64_t c = 0; c < C; c++)
                to[c] = i < 0 ? 0 : GD_AT(const gd_real, x, from)[c];
        }
    return GD_OK;
}

gd_status GD_REF(gather_rows_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *d = l->in[0], *y = l->out[0];
    const int64_t    n = d->dim[1], A = y->dim[1], C = y->dim[2];
    for (int64_t b = 0; b < y->dim[0]; b++)
        for (int64_t i = 0; i < A; i++) {
            gd_real *to = GD_AT(gd_real, y, b * A + i);
            for (int64_t c = 0; c < C; c++) to[c] = 0;
            for (int64_t j = 0; j < n; j++)
                for (int64_t c = 0; c < C && row_of(l->in[1], b, j, A) == i; c++)
                    to[c] = GD_AT(const gd_real, d, b *n + j)[c];
        }
    return GD_OK;
}
