/* pool.c -- shape inference shared by max and average pooling. */
#include "kernels/pool/pool.h"

gd_status gdk_pool_infer(const char *op, const gd_launch *l, const int32_t size[2],
                         const int32_t stride[2], const int32_t pad[2], bool ceil_mode,
                         gd_error *err) {
    const gd_tensor *x = l->in[0];
    int64_t          dim[4];
    if (x->ndim != 4 || !gd_dtype_is_float(x->dtype) || !gdk_window_dims_ok(x))
        return gd_fail_input(err, op, 0, x, "floating [N,H,W,C]");
    dim[0] = x->dim[0];
    dim[3] = x->dim[3];
    for (int i = 0; i < 2; i++) {
        if (size[i] < 1 || stride[i] < 1 || pad[i] < 0 || pad[i] > size[i] / 2)
            return gd_fail(err, GD_ERR_ARG,
                           "%s: size %d, stride %d, pad %d; wanted size and stride >= 1 and "
                           "0 <= pad <= size / 2",
                           op, size[i], stride[i], pad[i]);
        dim[i + 1] = gdk_pool_count(x->dim[i + 1], size[i], stride[i], pad[i], ceil_mode);
        if (x->dim[i + 1] < 1 || dim[i + 1] < 1)
            return gd_fail(err, GD_ERR_SHAPE,
                           "%s: window of %d exceeds %lld pixels padded by %d", op, size[i],
                           (long long)x->dim[i + 1], pad[i]);
    }
    gd_infer_set(l->out[0], x->dtype, 4, dim);
    return GD_OK;
}
