/* resize_bwd_cuda.c -- CUDA rows of the gradient of resizing feature maps. */
#include "kernels/resize/resize_bwd_cuda.h"

#include "kernels/resize/resize.h"

enum { TAP_BYTES = 16 };

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *dy = l->in[0], *dx = l->out[0];
    return gd_tensor_count(dx) < INT32_MAX && dx->dim[1] + dx->dim[2] < INT32_MAX / 4 &&
           dy->dim[1] + dy->dim[2] < INT32_MAX / 4;
}

static size_t taps_of(const gd_launch *l) {
    return (size_t)(l->in[0]->dim[1] + l->in[0]->dim[2]) * TAP_BYTES;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return taps_of(l) +
           (size_t)(l->out[0]->dim[1] + l->out[0]->dim[2]) * sizeof(gdk_resize_reach);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_resize *a = l->attr;
    const gd_tensor *dy = l->in[0], *dx = l->out[0];
    const int64_t    V = dx->dtype == GD_F16 ? 8 : 4, C = dx->dim[3];
    gdk_resize_bwd   p = {.dy = dy->data,
                          .dx = dx->data,
                          .dy_pitch = dy->pitch,
                          .dx_pitch = dx->pitch,
                          .tap = l->scratch,
                          .H = (int32_t)dx->dim[1],
                          .W = (int32_t)dx->dim[2],
                          .out_h = a->out_h,
                          .out_w = a->out_w,
                          .bilinear = a->mode == GD_RESIZE_BILINEAR,
                          .wide = dx->dtype == GD_F32,
                          .vec = C % V == 0 && gdk_aligned(dy) && gdk_aligned(dx),
                          .early = gdk_early(l),
                          .scale_y = (float)dx->dim[1] / (float)a->out_h,
                          .scale_x = (float)dx->dim[2] / (float)a->out_w};
    if (gd_tensor_count(dx) == 0) return GD_OK;
    const int64_t units = p.vec ? C / V : C;
    p.reach = (gdk_resize_reach *)((char *)l->scratch + taps_of(l));
    p.n = (uint32_t)(gd_tensor_pixels(dx) * units);
    p.unit = gdk_fastdiv_by(units);
    p.by_W = gdk_fastdiv_by(dx->dim[2]);
    p.by_H = gdk_fastdiv_by(dx->dim[1]);
    return gdk_cuda_status(gdk_resize_bwd_launch(&p, gdk_stream(l)), "resize_bwd", err);
}

#define ROW(type, id)                                                                        \
    {                                                                                        \
        GD_ROW_CUDA("resize_bwd_cuda_" #type, id, run), .flags = GD_ROW_PITCH, .fits = fits, \
                                                        .scratch = scratch                   \
    }
extern const gd_kernel gdk_resize_bwd_cuda_rows[];
const gd_kernel        gdk_resize_bwd_cuda_rows[] = {ROW(f32, GD_F32), ROW(f16, GD_F16), {0}};
