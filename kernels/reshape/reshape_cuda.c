/* reshape_cuda.c -- CUDA rows of reshape, where pitches stand in the way of a view.
 *
 * One side dense, or both of one width: pixels of the side that is not dense move as they are.
 * Two pitches and two widths go through a dense copy in scratch. */
#include "kernels/cuda/copy.h"
#include "kernels/reshape/reshape.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_copy_fits(l->out[0]);
}

static bool twice(const gd_launch *l) {
    const gd_tensor *x = l->in[0], *y = l->out[0];
    return !gd_tensor_dense(x) && !gd_tensor_dense(y) &&
           gd_tensor_channels(x) != gd_tensor_channels(y);
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *x = l->in[0];
    return twice(l) ? (size_t)gd_tensor_count(x) * gd_dtype_size(x->dtype) : 0;
}

/* Pixels of t between x and y; a side without a pitch is dense. */
static gd_status move(const gd_launch *l, const gd_tensor *t, const void *x, int64_t x_pitch,
                      void *y, int64_t y_pitch, gd_error *err) {
    const int64_t      width = gd_tensor_channels(t);
    const gdk_copy_box box = {.x = x,
                              .y = y,
                              .outer = 1,
                              .mid = 1,
                              .inner = gd_tensor_pixels(t),
                              .x_inner = x_pitch ? x_pitch : width,
                              .x_step = 1,
                              .y_inner = y_pitch ? y_pitch : width,
                              .width = width,
                              .from = width};
    return gdk_copy_run(l, &box, 1, gd_dtype_size(t->dtype), err);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0], *y = l->out[0];
    if (twice(l)) {
        GD_TRY(move(l, x, x->data, x->pitch, l->scratch, 0, err));
        return move(l, y, l->scratch, 0, y->data, y->pitch, err);
    }
    const bool by_x = gd_tensor_dense(y);
    return move(l, by_x ? x : y, x->data, gd_tensor_dense(x) ? 0 : x->pitch, y->data,
                by_x ? 0 : y->pitch, err);
}

#define ROW(type, id)                                                                     \
    {                                                                                     \
        GD_ROW_CUDA("reshape_cuda_" #type, id, run), .flags = GD_ROW_PITCH, .fits = fits, \
                                                     .scratch = scratch                   \
    }
extern const gd_kernel gdk_reshape_cuda_rows[];
const gd_kernel        gdk_reshape_cuda_rows[] = {
           ROW(f32, GD_F32), ROW(f16, GD_F16), ROW(i32, GD_I32), {0}};
