/* fpn_level_cuda.c -- the CUDA row of the choice of a pyramid level. */
#include "kernels/fpn_level/fpn_level_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/fpn_level/fpn_level.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535 && l->in[0]->dim[1] <= INT32_MAX / 2;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_fpn_level      *attr = l->attr;
    const gdk_fpn_level_args a = {.box = l->in[0]->data,
                                  .level = l->out[0]->data,
                                  .box_pitch = l->in[0]->pitch,
                                  .level_pitch = l->out[0]->pitch,
                                  .B = (int32_t)l->in[0]->dim[0],
                                  .n = (int32_t)l->in[0]->dim[1],
                                  .low = (float)attr->k_min,
                                  .high = (float)attr->k_max,
                                  .base = (float)attr->canonical_level,
                                  .scale = attr->canonical_scale,
                                  .eps = attr->eps};
    return gdk_cuda_status(gdk_fpn_level_launch(&a, gdk_stream(l)), "fpn_level", err);
}

const gd_kernel gdk_fpn_level_cuda_rows[] = {
    {GD_ROW_CUDA("fpn_level_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits}, {0}};
