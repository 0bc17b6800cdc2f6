/* copy.c -- launches of the copying kernel. */
#include "kernels/cuda/copy.h"

bool gdk_copy_fits(const gd_tensor *y) {
    const size_t size = gd_dtype_size(y->dtype);
    return (size == 2 || size == 4 || size == 8) && gd_tensor_count(y) < INT32_MAX;
}

gd_status gdk_copy_run(const gd_launch *l, const gdk_copy_box *box, int n, size_t size,
                       gd_error *err) {
    gdk_copy c;
    gdk_copy_plan(box, n, size, &c);
    if (c.n == 0) return GD_OK;
    c.early = gdk_early(l);
    return gdk_cuda_status(gdk_copy_launch(&c, gdk_stream(l)), "copy", err);
}
