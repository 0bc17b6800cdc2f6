/* cell_boxes_cuda.c -- the CUDA rows of boxes of cells. */
#include "kernels/cell_boxes/cell_boxes_cuda.h"

#include "kernels/cell_boxes/cell_boxes.h"
#include "kernels/cuda/cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gd_tensor_pixels(l->out[0]) <= INT32_MAX / 2;
}

/* x: the map. */
static gdk_cell_boxes_args args(const gd_launch *l, const gd_tensor *x) {
    return (gdk_cell_boxes_args){.x = x->data,
                                 .out = l->out[0]->data,
                                 .x_pitch = x->pitch,
                                 .out_pitch = l->out[0]->pitch,
                                 .cells = (int32_t)gd_tensor_pixels(x),
                                 .H = (int32_t)x->dim[1],
                                 .W = (int32_t)x->dim[2],
                                 .stride = (float)((const gd_cell_boxes *)l->attr)->stride};
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gdk_cell_boxes_args a = args(l, l->in[0]);
    return gdk_cuda_status(gdk_cell_boxes_launch(&a, gdk_stream(l)), "cell_boxes", err);
}

static gd_status run_bwd(const gd_launch *l, gd_error *err) {
    gdk_cell_boxes_args a = args(l, l->in[1]);
    a.d_out = l->in[0]->data;
    a.d_pitch = l->in[0]->pitch;
    return gdk_cuda_status(gdk_cell_boxes_bwd_launch(&a, gdk_stream(l)), "cell_boxes_bwd", err);
}

static bool fits_encode(const gd_launch *l, const gd_device_caps *dev) {
    return fits(l, dev) && l->out[0]->dim[0] <= 65535 && l->in[0]->dim[1] <= INT32_MAX;
}

static gd_status run_encode(const gd_launch *l, gd_error *err) {
    const gdk_cell_encode_args a = {.gt = l->in[0]->data,
                                    .point = l->in[2]->data,
                                    .match = l->in[1]->data,
                                    .out = l->out[0]->data,
                                    .gt_pitch = l->in[0]->pitch,
                                    .point_pitch = l->in[2]->pitch,
                                    .match_pitch = l->in[1]->pitch,
                                    .out_pitch = l->out[0]->pitch,
                                    .B = (int32_t)l->in[0]->dim[0],
                                    .G = (int32_t)l->in[0]->dim[1],
                                    .A = (int32_t)l->in[1]->dim[1]};
    return gdk_cuda_status(gdk_cell_encode_launch(&a, gdk_stream(l)), "cell_encode", err);
}

const gd_kernel gdk_cell_boxes_cuda_rows[] = {
    {GD_ROW_CUDA("cell_boxes_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
const gd_kernel gdk_cell_boxes_bwd_cuda_rows[] = {
    {GD_ROW_CUDA("cell_boxes_bwd_cuda_f32", GD_F32, run_bwd), .flags = GD_ROW_PITCH,
     .fits = fits},
    {0}};
const gd_kernel gdk_cell_encode_cuda_rows[] = {
    {GD_ROW_CUDA("cell_encode_cuda_f32", GD_F32, run_encode), .flags = GD_ROW_PITCH,
     .fits = fits_encode},
    {0}};
