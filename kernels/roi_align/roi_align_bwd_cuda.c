/* roi_align_bwd_cuda.c -- the CUDA rows of RoIAlign's gradient. */
#include "kernels/roi_align/roi_align_bwd_cuda.h"

#include "kernels/cuda/cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *f = l->out[0];
    const int64_t    high = (f->dim[1] + GDK_ROI_BWD_ROWS - 1) / GDK_ROI_BWD_ROWS;
    const int64_t    wide = (f->dim[2] + GDK_ROI_BWD_COLUMNS - 1) / GDK_ROI_BWD_COLUMNS;
    return f->dim[1] * f->dim[2] <= INT32_MAX / 4 && f->dim[3] <= 65535 * 32 &&
           l->in[0]->dim[0] <= INT32_MAX && f->dim[0] <= INT32_MAX / 4 &&
           (high * wide == 0 || f->dim[0] <= INT32_MAX / (high * wide));
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_roi_align_bwd *attr = l->attr;
    const gd_tensor        *d_out = l->in[0], *box = l->in[1], *f = l->out[0];
    gdk_roi_align_bwd_args  a = {.d_out = d_out->data,
                                 .box = box->data,
                                 .d_f = f->data,
                                 .box_pitch = box->pitch,
                                 .d_out_pitch = d_out->pitch,
                                 .d_f_pitch = f->pitch,
                                 .B = (int32_t)box->dim[0],
                                 .n = (int32_t)box->dim[1],
                                 .C = (int32_t)f->dim[3],
                                 .H = (int32_t)f->dim[1],
                                 .W = (int32_t)f->dim[2],
                                 .which = attr->which,
                                 .wide = f->dtype == GD_F32,
                                 .early = gdk_early(l),
                                 .attr = attr->fwd};
    if (gd_tensor_count(f) == 0) return GD_OK;
    a.vector = a.C % (a.wide ? 4 : 8) == 0 && gdk_aligned(d_out) && gdk_aligned(f);
    if (l->in[2]) a.count = l->in[2]->data;
    if (l->in[3]) {
        a.level = l->in[3]->data;
        a.level_pitch = l->in[3]->pitch;
    }
    return gdk_cuda_status(gdk_roi_align_bwd_launch(&a, gdk_stream(l)), "roi_align_bwd", err);
}

#define ROW(type, id) \
    { GD_ROW_CUDA("roi_align_bwd_cuda_" #type, id, run), .flags = GD_ROW_PITCH, .fits = fits }
extern const gd_kernel gdk_roi_align_bwd_cuda_rows[];
const gd_kernel gdk_roi_align_bwd_cuda_rows[] = {ROW(f16, GD_F16), ROW(f32, GD_F32), {0}};
