/* box_restore_cuda.c -- the CUDA row of restoring boxes. */
#include "kernels/box_restore/box_restore_cuda.h"

#include "kernels/box_restore/box_restore.h"
#include "kernels/cuda/cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535 && l->in[0]->dim[1] <= INT32_MAX / 2;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_box_restore      *attr = l->attr;
    const gdk_box_restore_args a = {.box = l->in[0]->data,
                                    .geometry = l->in[1]->data,
                                    .out = l->out[0]->data,
                                    .box_pitch = l->in[0]->pitch,
                                    .geometry_pitch = l->in[1]->pitch,
                                    .out_pitch = l->out[0]->pitch,
                                    .B = (int32_t)l->in[0]->dim[0],
                                    .n = (int32_t)l->in[0]->dim[1],
                                    .mode = attr->mode,
                                    .clip = attr->clip != 0,
                                    .early = gdk_early(l)};
    return gdk_cuda_status(gdk_box_restore_launch(&a, gdk_stream(l)), "box_restore", err);
}

const gd_kernel gdk_box_restore_cuda_rows[] = {
    {GD_ROW_CUDA("box_restore_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
