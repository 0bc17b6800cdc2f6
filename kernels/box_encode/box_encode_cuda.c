/* box_encode_cuda.c -- the CUDA row of regression targets. */
#include "kernels/box_encode/box_encode_cuda.h"

#include <string.h>

#include "kernels/box_encode/box_encode.h"
#include "kernels/cuda/cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535 && l->in[0]->dim[1] <= INT32_MAX &&
           l->in[1]->dim[1] <= INT32_MAX / 2;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_box_encode *attr = l->attr;
    gdk_box_encode_args  a = {.gt = l->in[0]->data,
                              .box = l->in[2]->data,
                              .match = l->in[1]->data,
                              .out = l->out[0]->data,
                              .gt_pitch = l->in[0]->pitch,
                              .box_pitch = l->in[2]->pitch,
                              .match_pitch = l->in[1]->pitch,
                              .out_pitch = l->out[0]->pitch,
                              .B = (int32_t)l->in[0]->dim[0],
                              .G = (int32_t)l->in[0]->dim[1],
                              .n = (int32_t)l->in[1]->dim[1],
                              .each = l->in[2]->ndim == 3};
    memcpy(a.weights, attr->weights, sizeof a.weights);
    return gdk_cuda_status(gdk_box_encode_launch(&a, gdk_stream(l)), "box_encode", err);
}

const gd_kernel gdk_box_encode_cuda_rows[] = {
    {GD_ROW_CUDA("box_encode_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
