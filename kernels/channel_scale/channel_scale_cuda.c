/* channel_scale_cuda.c -- the CUDA rows of channel_scale. */
#include "kernels/channel_scale/channel_scale_cuda.h"

#include "kernels/channel_scale/channel_scale.h"
#include "kernels/cuda/cuda.h"

static int64_t units_of(const gd_tensor *x) {
    const int64_t V = x->dtype == GD_F32 ? 4 : 8;
    return (x->dim[3] + V - 1) / V;
}

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gd_tensor_pixels(l->in[0]) * units_of(l->in[0]) < INT32_MAX / 2;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_tensor       *x = l->in[0], *s = l->in[1], *y = l->out[0];
    const int64_t          units = units_of(x), plane = x->dim[1] * x->dim[2];
    gdk_channel_scale_args a = {.x = x->data,
                                .s = s->data,
                                .y = y->data,
                                .x_pitch = x->pitch,
                                .s_pitch = s->pitch,
                                .y_pitch = y->pitch,
                                .n = (uint32_t)(gd_tensor_pixels(x) * units),
                                .C = (int32_t)x->dim[3],
                                .wide = x->dtype == GD_F32};
    if (a.n == 0) return GD_OK;
    a.vec = gdk_aligned(x) && gdk_aligned(s) && gdk_aligned(y);
    a.unit = gdk_fastdiv_by(units);
    a.plane = gdk_fastdiv_by(plane);
    return gdk_cuda_status(gdk_channel_scale_launch(&a, gdk_stream(l)), "channel_scale", err);
}

#define ROW(type, id) \
    { GD_ROW_CUDA("channel_scale_cuda_" #type, id, run), .flags = GD_ROW_PITCH, .fits = fits }
extern const gd_kernel gdk_channel_scale_cuda_rows[];
const gd_kernel gdk_channel_scale_cuda_rows[] = {ROW(f32, GD_F32), ROW(f16, GD_F16), {0}};
