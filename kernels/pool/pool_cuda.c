/* pool_cuda.c -- CUDA rows of max, average and adaptive average pooling. */
#include "kernels/pool/pool_cuda.h"

#include <string.h>

#include "kernels/pool/pool.h"

enum { SPLIT_FROM = 24 /* pixels of a window that several threads share */ };

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *x = l->in[0], *y = l->out[0];
    return gd_tensor_count(y) < INT32_MAX && x->dim[1] * x->dim[2] < INT32_MAX &&
           x->dim[3] <= 65535 * 8;
}

/* All but the window. */
static gdk_pool read(const gd_launch *l) {
    const gd_tensor *x = l->in[0], *y = l->out[0];
    const int64_t    V = y->dtype == GD_F16 ? 8 : 4, C = y->dim[3];
    gdk_pool         p = {.x = x->data,
                          .y = y->data,
                          .x_pitch = x->pitch,
                          .y_pitch = y->pitch,
                          .H = (int32_t)x->dim[1],
                          .W = (int32_t)x->dim[2],
                          .wide = y->dtype == GD_F32,
                          .early = gdk_early(l),
                          .vec = C % V == 0 && gdk_aligned(x) && gdk_aligned(y)};
    const int64_t    units = p.vec ? C / V : C;
    p.n = (uint32_t)(gd_tensor_pixels(y) * units);
    if (p.n == 0) return p;
    p.unit = gdk_fastdiv_by((int64_t)units);
    p.Q = gdk_fastdiv_by((int64_t)y->dim[2]);
    p.P = gdk_fastdiv_by((int64_t)y->dim[1]);
    return p;
}

static gd_status run_max(const gd_launch *l, gd_error *err) {
    const gd_max_pool2d *a = l->attr;
    gdk_pool             p = read(l);
    if (p.n == 0) return GD_OK;
    memcpy(p.size, a->size, sizeof p.size);
    memcpy(p.stride, a->stride, sizeof p.stride);
    memcpy(p.pad, a->pad, sizeof p.pad);
    return gdk_cuda_status(gdk_pool_max_launch(&p, gdk_stream(l)), "max_pool2d", err);
}

/* `window`: about how many pixels of x make one of y. */
static gd_status average(const gd_launch *l, const gdk_pool *p, int64_t window,
                         const char *name, gd_error *err) {
    const int64_t shared = window >= SPLIT_FROM ? window : 0;
    return gdk_cuda_status(gdk_pool_average_launch(p, shared, gdk_stream(l)), name, err);
}

static gd_status run_average(const gd_launch *l, gd_error *err) {
    const gd_avg_pool2d *a = l->attr;
    gdk_pool             p = read(l);
    if (p.n == 0) return GD_OK;
    memcpy(p.size, a->size, sizeof p.size);
    memcpy(p.stride, a->stride, sizeof p.stride);
    memcpy(p.pad, a->pad, sizeof p.pad);
    p.count_include_pad = a->count_include_pad;
    const int64_t window = (int64_t)a->size[0] * a->size[1];
    return average(l, &p, window, "avg_pool2d", err);
}

static gd_status run_adaptive(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0], *y = l->out[0];
    gdk_pool         p = read(l);
    if (p.n == 0) return GD_OK;
    p.adaptive = 1;
    const int64_t window = x->dim[1] * x->dim[2] / (y->dim[1] * y->dim[2]);
    return average(l, &p, window, "adaptive_avg_pool2d", err);
}

#define ROW(title, id, function) \
    { GD_ROW_CUDA(title, id, function), .flags = GD_ROW_PITCH, .fits = fits }
#define ROWS(op, function)                                                                    \
    {                                                                                         \
        ROW(#op "_cuda_f32", GD_F32, function), ROW(#op "_cuda_f16", GD_F16, function), { 0 } \
    }
extern const gd_kernel gdk_max_pool2d_cuda_rows[];
extern const gd_kernel gdk_avg_pool2d_cuda_rows[];
extern const gd_kernel gdk_adaptive_avg_pool2d_cuda_rows[];
const gd_kernel        gdk_max_pool2d_cuda_rows[] = ROWS(max_pool2d, run_max);
const gd_kernel        gdk_avg_pool2d_cuda_rows[] = ROWS(avg_pool2d, run_average);
const gd_kernel gdk_adaptive_avg_pool2d_cuda_rows[] = ROWS(adaptive_avg_pool2d, run_adaptive);
