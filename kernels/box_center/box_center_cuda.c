/* box_center_cuda.c -- the CUDA row of boxes as centre and size. */
#include "kernels/box_center/box_center_cuda.h"

#include "kernels/box_center/box_center.h"
#include "kernels/cuda/cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gd_tensor_pixels(l->out[0]) <= INT32_MAX / 2;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gdk_box_center_args a = {.box = l->in[0]->data,
                                   .geom = l->in[1]->data,
                                   .out = l->out[0]->data,
                                   .box_pitch = l->in[0]->pitch,
                                   .geom_pitch = l->in[1]->pitch,
                                   .out_pitch = l->out[0]->pitch,
                                   .rows = (int32_t)gd_tensor_pixels(l->out[0]),
                                   .n = (int32_t)l->in[0]->dim[1]};
    return gdk_cuda_status(gdk_box_center_launch(&a, gdk_stream(l)), "box_center", err);
}

const gd_kernel gdk_box_center_cuda_rows[] = {
    {GD_ROW_CUDA("box_center_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
