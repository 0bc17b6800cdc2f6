/* softmax_cuda.c -- the CUDA rows of softmax and of its gradient. */
#include "kernels/softmax/softmax_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/softmax/softmax.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gd_tensor_pixels(l->in[0]) <= INT32_MAX && gd_tensor_channels(l->in[0]) <= INT32_MAX;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gdk_softmax_args a = {.x = l->in[0]->data,
                                .y = l->out[0]->data,
                                .x_pitch = l->in[0]->pitch,
                                .y_pitch = l->out[0]->pitch,
                                .rows = gd_tensor_pixels(l->in[0]),
                                .n = (int32_t)gd_tensor_channels(l->in[0])};
    return gdk_cuda_status(gdk_softmax_launch(&a, gdk_stream(l)), "softmax", err);
}

const gd_kernel gdk_softmax_cuda_rows[] = {
    {GD_ROW_CUDA("softmax_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits}, {0}};

static gd_status run_bwd(const gd_launch *l, gd_error *err) {
    const gdk_softmax_bwd_args a = {.d_y = l->in[0]->data,
                                    .y = l->in[1]->data,
                                    .d_x = l->out[0]->data,
                                    .d_y_pitch = l->in[0]->pitch,
                                    .y_pitch = l->in[1]->pitch,
                                    .d_x_pitch = l->out[0]->pitch,
                                    .rows = gd_tensor_pixels(l->in[0]),
                                    .n = (int32_t)gd_tensor_channels(l->in[0]),
                                    .early = gdk_early(l)};
    return gdk_cuda_status(gdk_softmax_bwd_launch(&a, gdk_stream(l)), "softmax_bwd", err);
}

#define ROW(title, function) \
    { GD_ROW_CUDA(title, GD_F32, function), .flags = GD_ROW_PITCH, .fits = fits }
extern const gd_kernel gdk_softmax_bwd_cuda_rows[];
const gd_kernel gdk_softmax_bwd_cuda_rows[] = {ROW("softmax_bwd_cuda_f32", run_bwd), {0}};
