/* slice_cuda.c -- CUDA rows of slice, where the result is no view of its input, and of its
 * gradient: the copying kernel, bound by memory traffic. */
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

/* Where step > 1 all of d_x is cleared first: two launches. */
static gd_status clear(const gd_launch *l, gd_error *err) {
    const gd_tensor   *d_x = l->out[0];
    const gdk_copy_box box = {.x = d_x->data,
                              .y = d_x->data,
                              .outer = 1,
                              .mid = 1,
                              .inner = gd_tensor_pixels(d_x),
                              .x_step = 1,
                              .y_inner = d_x->pitch,
                              .width = gd_tensor_channels(d_x)};
    return gdk_copy_run(l, &box, 1, gd_dtype_size(d_x->dtype), err);
}

static gd_status run_channels(const gd_launch *l, gd_error *err) {
    const gd_slice_bwd *a = l->attr;
    const gd_tensor    *d_y = l->in[0], *d_x = l->out[0];
    const size_t        size = gd_dtype_size(d_y->dtype);
    const int64_t       pixels = gd_tensor_pixels(d_y), width = gd_tensor_channels(d_y);
    gdk_copy_box        box = {.x = d_y->data,
                               .y = d_x->data,
                               .outer = 1,
                               .mid = 1,
                               .inner = pixels,
                               .x_inner = d_y->pitch,
                               .x_step = 1,
                               .y_inner = d_x->pitch,
                               .width = a->size,
                               .before = a->start,
                               .from = width};
    if (a->step == 1) return gdk_copy_run(l, &box, 1, size, err);
    GD_TRY(clear(l, err));
    box.y = (char *)d_x->data + (size_t)a->start * size;
    box.mid = pixels;
    box.inner = width;
    box.x_mid = d_y->pitch;
    box.y_mid = d_x->pitch;
    box.x_inner = 1;
    box.y_inner = a->step;
    box.width = box.from = 1;
    box.before = 0;
    return gdk_copy_run(l, &box, 1, size, err);
}

static gd_status run_bwd(const gd_launch *l, gd_error *err) {
    const gd_slice_bwd *a = l->attr;
    const gd_tensor    *d_y = l->in[0], *d_x = l->out[0];
    const int           axis = gd_index_axis(d_x, a->axis);
    const size_t        size = gd_dtype_size(d_y->dtype);
    int64_t             outer, inner;
    if (axis == d_x->ndim - 1) return run_channels(l, err);
    gd_index_around(d_x, axis, &outer, &inner);
    const int64_t      x_mid = inner * d_x->pitch, y_mid = inner * d_y->pitch;
    const int64_t      width = gd_tensor_channels(d_x), given = d_y->dim[axis];
    const gdk_copy_box moved = {.x = d_y->data,
                                .y = (char *)d_x->data + (size_t)(a->start * x_mid) * size,
                                .outer = outer,
                                .mid = given,
                                .inner = inner,
                                .x_outer = given * y_mid,
                                .x_mid = y_mid,
                                .x_inner = d_y->pitch,
                                .x_step = 1,
                                .y_outer = a->size * x_mid,
                                .y_mid = a->step * x_mid,
                                .y_inner = d_x->pitch,
                                .width = width,
                                .from = width};
    gdk_copy_box       box[3] = {moved, moved, moved};
    if (a->step > 1) {
        GD_TRY(clear(l, err));
        return gdk_copy_run(l, &moved, 1, size, err);
    }
    box[1].y = d_x->data;
    box[1].mid = a->start;
    box[2].y = (char *)moved.y + (size_t)(given * x_mid) * size;
    box[2].mid = a->size - a->start - given;
    box[1].from = box[2].from = 0;
    return gdk_copy_run(l, box, 3, size, err);
}

#define ROW(type, id) \
    { GD_ROW_CUDA("slice_cuda_" #type, id, run), .flags = GD_ROW_PITCH, .fits = fits }
#define BACKWARD(type, id) \
    { GD_ROW_CUDA("slice_bwd_cuda_" #type, id, run_bwd), .flags = GD_ROW_PITCH, .fits = fits }
extern const gd_kernel gdk_slice_cuda_rows[];
const gd_kernel        gdk_slice_cuda_rows[] = {
           ROW(f32, GD_F32), ROW(f16, GD_F16), ROW(i32, GD_I32), {0}};

extern const gd_kernel gdk_slice_bwd_cuda_rows[];
const gd_kernel gdk_slice_bwd_cuda_rows[] = {BACKWARD(f32, GD_F32), BACKWARD(f16, GD_F16), {0}};
