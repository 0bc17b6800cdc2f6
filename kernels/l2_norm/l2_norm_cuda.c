/* l2_norm_cuda.c -- the CUDA rows of L2 normalisation. */
#include "kernels/l2_norm/l2_norm_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/l2_norm/l2_norm.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gd_tensor_pixels(l->in[0]) <= INT32_MAX && gd_tensor_channels(l->in[0]) <= INT32_MAX;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gdk_l2_norm_args a = {.x = l->in[0]->data,
                                .y = l->out[0]->data,
                                .weight = l->in[1]->data,
                                .x_pitch = l->in[0]->pitch,
                                .y_pitch = l->out[0]->pitch,
                                .pixels = gd_tensor_pixels(l->in[0]),
                                .C = (int32_t)gd_tensor_channels(l->in[0]),
                                .wide = l->in[0]->dtype == GD_F32,
                                .eps = ((const gd_l2_norm *)l->attr)->eps};
    return gdk_cuda_status(gdk_l2_norm_launch(&a, gdk_stream(l)), "l2_norm", err);
}

extern const gd_kernel gdk_l2_norm_cuda_rows[];
const gd_kernel        gdk_l2_norm_cuda_rows[] = {
           {GD_ROW_CUDA("l2_norm_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
           {GD_ROW_CUDA("l2_norm_cuda_f16", GD_F16, run), .flags = GD_ROW_PITCH, .fits = fits},
           {0}};
