/* arg.c -- one check of an input's presence, type and extents, with one form of message. */
#include "kernels/arg.h"

gd_status gdk_want(const gd_launch *l, const char *op, int i, gd_dtype dtype, int ndim,
                   const int64_t *dim, const char *wanted, gd_error *err) {
    const gd_tensor *t = i < l->n_in ? l->in[i] : NULL;
    if (!t)
        return gd_fail(err, GD_ERR_ARG, "%s: input %d is missing, wanted %s", op, i, wanted);
    bool good = t->dtype == (dtype == GD_F32 ? gd_launch_dtype(l) : dtype) && t->ndim == ndim;
    for (int d = 0; good && d < ndim; d++) good = dim[d] < 0 || dim[d] == t->dim[d];
    return good ? GD_OK : gd_fail_input(err, op, i, t, wanted);
}
