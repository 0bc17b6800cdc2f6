/* concat_cuda.c -- CUDA rows of concat, for inputs that could not be written into place. */
#include "kernels/concat/concat.h"
#include "kernels/cuda/copy.h"
#include "kernels/index.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_copy_fits(l->out[0]);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_tensor *y = l->out[0];
    const int        axis = gd_index_axis(y, ((const gd_concat *)l->attr)->axis);
    const bool       channels = axis == y->ndim - 1;
    const size_t     size = gd_dtype_size(y->dtype);
    gdk_copy_box     box[GD_MAX_IN];
    int64_t          outer, inner, before = 0;
    gd_index_around(y, axis, &outer, &inner);
    for (int i = 0; i < l->n_in; i++) {
        const gd_tensor *x = l->in[i];
        const int64_t    width = gd_tensor_channels(x), mid = channels ? 1 : x->dim[axis];
        const int64_t    y_mid = inner * y->pitch, pixels = gd_tensor_pixels(x);
        const int64_t    at = channels ? before : before * y_mid;
        box[i] = (gdk_copy_box){.x = x->data,
                                .y = (char *)y->data + at * (int64_t)size,
                                .outer = channels ? 1 : outer,
                                .mid = mid,
                                .inner = channels ? pixels : inner,
                                .x_outer = mid * inner * x->pitch,
                                .x_mid = inner * x->pitch,
                                .x_inner = x->pitch,
                                .x_step = 1,
                                .y_outer = channels ? 0 : y->dim[axis] * y_mid,
                                .y_mid = y_mid,
                                .y_inner = y->pitch,
                                .width = width,
                                .from = width};
        before += x->dim[axis];
    }
    return gdk_copy_run(l, box, l->n_in, size, err);
}

#define ROW(type, id) \
    { GD_ROW_CUDA("concat_cuda_" #type, id, run), .flags = GD_ROW_PITCH, .fits = fits }
extern const gd_kernel gdk_concat_cuda_rows[];
const gd_kernel        gdk_concat_cuda_rows[] = {
           ROW(f32, GD_F32), ROW(f16, GD_F16), ROW(i32, GD_I32), {0}};
