/* append_boxes_cuda.c -- the CUDA row of boxes behind boxes. */
#include "kernels/append_boxes/append_boxes_cuda.h"

#include "kernels/append_boxes/append_boxes.h"
#include "kernels/cuda/cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->out[0]->dim[0] <= 65535 && l->out[0]->dim[1] <= INT32_MAX / 2;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gdk_append_boxes_args a = {.box = l->in[0]->data,
                                     .gt = l->in[2]->data,
                                     .count = l->in[1]->data,
                                     .gt_count = l->in[3]->data,
                                     .out = l->out[0]->data,
                                     .out_count = l->out[1]->data,
                                     .box_pitch = l->in[0]->pitch,
                                     .gt_pitch = l->in[2]->pitch,
                                     .out_pitch = l->out[0]->pitch,
                                     .B = (int32_t)l->in[0]->dim[0],
                                     .P = (int32_t)l->in[0]->dim[1],
                                     .G = (int32_t)l->in[2]->dim[1]};
    return gdk_cuda_status(gdk_append_boxes_launch(&a, gdk_stream(l)), "append_boxes", err);
}

const gd_kernel gdk_append_boxes_cuda_rows[] = {
    {GD_ROW_CUDA("append_boxes_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
