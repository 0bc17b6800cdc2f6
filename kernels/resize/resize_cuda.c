/* resize_cuda.c -- CUDA rows of resizing feature maps. */
#include "kernels/resize/resize_cuda.h"

#include "kernels/resize/resize.h"

/* A row's units are counted along the second axis of the grid. */
static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *x = l->in[0], *y = l->out[0];
    return y->dim[0] * y->dim[1] < INT32_MAX && y->dim[2] * y->dim[3] < 65535 * 1024 &&
           x->dim[1] < INT32_MAX && x->dim[2] < INT32_MAX;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_resize *a = l->attr;
    const gd_tensor *x = l->in[0], *y = l->out[0];
    const int64_t    V = y->dtype == GD_F16 ? 8 : 4, C = y->dim[3];
    gdk_resize       p = {.x = x->data,
                          .y = y->data,
                          .x_pitch = x->pitch,
                          .y_pitch = y->pitch,
                          .H = (int32_t)x->dim[1],
                          .W = (int32_t)x->dim[2],
                          .bilinear = a->mode == GD_RESIZE_BILINEAR,
                          .wide = y->dtype == GD_F32,
                          .vec = C % V == 0 && gdk_aligned(x) && gdk_aligned(y),
                          .scale_y = (float)x->dim[1] / (float)a->out_h,
                          .scale_x = (float)x->dim[2] / (float)a->out_w};
    if (gd_tensor_count(y) == 0) return GD_OK;
    const int64_t units = p.vec ? C / V : C;
    p.n_row = (uint32_t)(y->dim[0] * y->dim[1]);
    p.n_unit = (uint32_t)(y->dim[2] * units);
    p.unit = gdk_fastdiv_by((int64_t)units);
    p.out_h = gdk_fastdiv_by((int64_t)a->out_h);
    return gdk_cuda_status(gdk_resize_launch(&p, gdk_stream(l)), "resize", err);
}

#define ROW(type, id) \
    { GD_ROW_CUDA("resize_cuda_" #type, id, run), .flags = GD_ROW_PITCH, .fits = fits }
extern const gd_kernel gdk_resize_cuda_rows[];
const gd_kernel        gdk_resize_cuda_rows[] = {ROW(f32, GD_F32), ROW(f16, GD_F16), {0}};
