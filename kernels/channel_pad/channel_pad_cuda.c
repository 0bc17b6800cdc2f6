/* channel_pad_cuda.c -- CUDA rows of channel padding. */
#include "kernels/channel_pad/channel_pad.h"
#include "kernels/cuda/copy.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_copy_fits(l->out[0]);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_tensor   *x = l->in[0], *y = l->out[0];
    const gdk_copy_box box = {.x = x->data,
                              .y = y->data,
                              .outer = 1,
                              .mid = 1,
                              .inner = gd_tensor_pixels(x),
                              .x_inner = x->pitch,
                              .x_step = 1,
                              .y_inner = y->pitch,
                              .width = gd_tensor_channels(y),
                              .before = ((const gd_channel_pad *)l->attr)->before,
                              .from = gd_tensor_channels(x)};
    return gdk_copy_run(l, &box, 1, gd_dtype_size(x->dtype), err);
}

#define ROW(type, id) \
    { GD_ROW_CUDA("channel_pad_cuda_" #type, id, run), .flags = GD_ROW_PITCH, .fits = fits }
extern const gd_kernel gdk_channel_pad_cuda_rows[];
const gd_kernel        gdk_channel_pad_cuda_rows[] = {ROW(f32, GD_F32), ROW(f16, GD_F16), {0}};
