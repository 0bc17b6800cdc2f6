/* sine_position_cuda.c -- the CUDA rows of masks and sines of positions. */
#include "kernels/sine_position/sine_position_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/sine_position/sine_position.h"

static const char *const absorbs[] = {"cast", NULL};

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gd_tensor_count(l->out[0]) <= INT32_MAX;
}

static gd_status run_mask(const gd_launch *l, gd_error *err) {
    const gd_padding_mask      *attr = l->attr;
    const gdk_padding_mask_args a = {.geometry = l->in[0]->data,
                                     .mask = l->out[0]->data,
                                     .geometry_pitch = l->in[0]->pitch,
                                     .mask_pitch = l->out[0]->pitch,
                                     .B = (int32_t)l->out[0]->dim[0],
                                     .h = attr->h,
                                     .w = attr->w,
                                     .net_h = attr->net_h,
                                     .net_w = attr->net_w,
                                     .early = gdk_early(l)};
    return gdk_cuda_status(gdk_padding_mask_launch(&a, gdk_stream(l)), "padding_mask", err);
}

static gd_status run_sine(const gd_launch *l, gd_error *err) {
    const gd_sine_position      *attr = l->attr;
    const gdk_sine_position_args a = {.mask = l->in[0]->data,
                                      .out = l->out[0]->data,
                                      .mask_pitch = l->in[0]->pitch,
                                      .out_pitch = l->out[0]->pitch,
                                      .pixels = gd_tensor_pixels(l->out[0]),
                                      .h = (int32_t)l->in[0]->dim[1],
                                      .w = (int32_t)l->in[0]->dim[2],
                                      .half = attr->channels / 2,
                                      .wide = l->out[0]->dtype == GD_F32,
                                      .temperature = attr->temperature,
                                      .scale = attr->scale,
                                      .early = gdk_early(l)};
    return gdk_cuda_status(gdk_sine_position_launch(&a, gdk_stream(l)), "sine_position", err);
}

const gd_kernel gdk_padding_mask_cuda_rows[] = {
    {GD_ROW_CUDA("padding_mask_cuda_f32", GD_F32, run_mask), .flags = GD_ROW_PITCH,
     .fits = fits},
    {0}};
const gd_kernel gdk_sine_position_cuda_rows[] = {
    {GD_ROW_CUDA("sine_position_cuda_f32", GD_F32, run_sine), .flags = GD_ROW_PITCH,
     .fits = fits, .absorbs = absorbs},
    {0}};
