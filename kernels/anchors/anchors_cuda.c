/* anchors_cuda.c -- the CUDA row of the anchor grid. */
#include "kernels/anchors/anchors_cuda.h"

#include "kernels/cuda/cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->out[0]->dtype == GD_F32 && l->out[0]->dim[0] <= INT32_MAX / 2;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gdk_anchors_args a = {.out = l->out[0]->data,
                                .out_pitch = l->out[0]->pitch,
                                .H = (int32_t)l->in[0]->dim[1],
                                .W = (int32_t)l->in[0]->dim[2],
                                .attr = *(const gd_anchors *)l->attr};
    return gdk_cuda_status(gdk_anchors_launch(&a, gdk_stream(l)), "anchors", err);
}

const gd_kernel gdk_anchors_cuda_rows[] = {
    {GD_ROW_CUDA("anchors_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits}, {0}};
