/* roi_align_cuda.c -- the CUDA rows of RoIAlign. */
#include "kernels/roi_align/roi_align_cuda.h"

#include "kernels/cuda/cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_roi_align *a = l->attr;
    if (l->out[0]->dim[0] > INT32_MAX || l->out[0]->dtype != l->in[3]->dtype) return false;
    /* Channel vectors of one box are numbered in 32 bits, pixels of one picture too. */
    if ((int64_t)a->out_h * a->out_w > INT32_MAX / l->out[0]->dim[3]) return false;
    for (int i = 3; i < l->n_in; i++)
        if (l->in[i]->dim[1] * l->in[i]->dim[2] > INT32_MAX) return false;
    return true;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    gdk_roi_align_args a = {.box = l->in[0]->data,
                            .out = l->out[0]->data,
                            .box_pitch = l->in[0]->pitch,
                            .out_pitch = l->out[0]->pitch,
                            .B = (int32_t)l->in[0]->dim[0],
                            .n = (int32_t)l->in[0]->dim[1],
                            .C = (int32_t)l->out[0]->dim[3],
                            .wide = l->out[0]->dtype == GD_F32,
                            .attr = *(const gd_roi_align *)l->attr};
    const int64_t      run = a.wide ? 4 : 8; /* elements in 16 bytes */
    a.vector = a.C % run == 0 && a.out_pitch % run == 0;
    if (l->in[1]) a.count = l->in[1]->data;
    if (l->in[2]) {
        a.level = l->in[2]->data;
        a.level_pitch = l->in[2]->pitch;
    }
    for (int i = 0; i < a.attr.n_scale; i++) {
        const gd_tensor *f = l->in[3 + i];
        a.feature[i] = (gdk_roi_feature){.data = f->data,
                                         .pitch = f->pitch,
                                         .H = (int32_t)f->dim[1],
                                         .W = (int32_t)f->dim[2]};
        a.vector &= f->pitch % run == 0;
    }
    return gdk_cuda_status(gdk_roi_align_launch(&a, gdk_stream(l)), "roi_align", err);
}

const gd_kernel gdk_roi_align_cuda_rows[] = {
    {GD_ROW_CUDA("roi_align_cuda_f16", GD_F16, run), .flags = GD_ROW_PITCH, .fits = fits},
    {GD_ROW_CUDA("roi_align_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
