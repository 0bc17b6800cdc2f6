/* slice_cuda.c -- CUDA rows of slice, where the result is no view of its input. */
#include "kernels/cuda/copy.h"
#include "kernels/index.h"
#include "kernels/slice/slice.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_copy_fits(l->out[0]);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_slice  *a = l->attr;
    const gd_tensor *x = l->in[0], *y = l->out[0];
    const int        axis = gd_index_axis(x, a->axis);
    const bool       channels = axis == x->ndim - 1;
    const int64_t    start = gdk_slice_bound(a->start, x->dim[axis]);
    const int64_t    width = gd_tensor_channels(y);
    int64_t          outer, inner;
    gd_index_around(x, axis, &outer, &inner);
    const int64_t x_mid = inner * x->pitch, y_mid = inner * y->pitch;
    const int64_t at = channels ? start : start * x_mid;
    const size_t  size = gd_dtype_size(x->dtype);
    gdk_copy_box  box = {.x = (const char *)x->data + at * (int64_t)size,
                         .y = y->data,
                         .outer = outer,
                         .mid = y->dim[axis],
                         .inner = inner,
                         .x_outer = x->dim[axis] * x_mid,
                         .x_mid = a->step * x_mid,
                         .x_inner = x->pitch,
                         .x_step = 1,
                         .y_outer = y->dim[axis] * y_mid,
                         .y_mid = y_mid,
                         .y_inner = y->pitch,
                         .width = width,
                         .from = width};
    if (channels) {
        box.outer = box.mid = 1;
        box.inner = gd_tensor_pixels(y);
        box.x_step = a->step;
    }
    return gdk_copy_run(l, &box, 1, size, err);
}

#define ROW(type, id) \
    { GD_ROW_CUDA("slice_cuda_" #type, id, run), .flags = GD_ROW_PITCH, .fits = fits }
extern const gd_kernel gdk_slice_cuda_rows[];
const gd_kernel        gdk_slice_cuda_rows[] = {
           ROW(f32, GD_F32), ROW(f16, GD_F16), ROW(i32, GD_I32), {0}};
