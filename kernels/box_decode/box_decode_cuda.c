/* box_decode_cuda.c -- the CUDA row of box decoding. */
#include "kernels/box_decode/box_decode_cuda.h"

#include <string.h>

#include "kernels/box_decode/box_decode.h"
#include "kernels/cuda/cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535 && l->in[0]->dim[1] <= INT32_MAX &&
           l->out[0]->dim[1] <= INT32_MAX / l->out[0]->dim[2];
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_box_decode *attr = l->attr;
    gdk_box_decode_args  a = {.delta = l->in[0]->data,
                              .anchor = l->in[1]->data,
                              .out = l->out[0]->data,
                              .delta_pitch = l->in[0]->pitch,
                              .anchor_pitch = l->in[1]->pitch,
                              .out_pitch = l->out[0]->pitch,
                              .B = (int32_t)l->in[0]->dim[0],
                              .n = (int32_t)l->in[0]->dim[1],
                              .k = (int32_t)l->out[0]->dim[1],
                              .groups = (int32_t)(l->out[0]->dim[2] / 4),
                              .anchors_each = l->in[1]->ndim == 3,
                              .clip = attr->clip != 0,
                              .max_log = attr->max_log};
    memcpy(a.weights, attr->weights, sizeof a.weights);
    if (l->n_in > 2 && l->in[2]) {
        a.index = l->in[2]->data;
        a.index_pitch = l->in[2]->pitch;
    }
    if (attr->clip) {
        a.geometry = l->in[3]->data;
        a.geometry_pitch = l->in[3]->pitch;
    }
    return gdk_cuda_status(gdk_box_decode_launch(&a, gdk_stream(l)), "box_decode", err);
}

const gd_kernel gdk_box_decode_cuda_rows[] = {
    {GD_ROW_CUDA("box_decode_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
