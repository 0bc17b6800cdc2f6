/* pool_bwd_cuda.c -- CUDA rows of the gradients of max, average and adaptive average
 * pooling. */
#include "kernels/pool/pool_bwd_cuda.h"

#include <string.h>

#include "kernels/pool/pool.h"

enum { SMALL = 256, MOST = 65536 }; /* pixels of a window that one or two bytes number */

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *dy = l->in[0], *dx = l->out[0];
    return gd_tensor_count(dx) < INT32_MAX && gd_tensor_count(dy) < INT32_MAX &&
           dx->dim[1] < INT32_MAX / 4 && dx->dim[2] < INT32_MAX / 4;
}

/* Windows and what lies between them are counted in 32 bits. */
static bool fits_window(const gd_launch *l, const int32_t size[2], const int32_t stride[2]) {
    return fits(l, NULL) && size[0] < INT16_MAX && size[1] < INT16_MAX &&
           stride[0] < INT16_MAX && stride[1] < INT16_MAX;
}

static int64_t window_of(const gd_launch *l) {
    const gd_max_pool2d *a = l->attr;
    return (int64_t)a->size[0] * a->size[1];
}

static bool fits_max(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_max_pool2d *a = l->attr;
    return fits_window(l, a->size, a->stride) && window_of(l) <= MOST;
}

static bool fits_average(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_avg_pool2d *a = &((const gd_avg_pool2d_bwd *)l->attr)->pool;
    return fits_window(l, a->size, a->stride);
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)gd_tensor_count(l->in[0]) * (window_of(l) > SMALL ? 2 : 1);
}

/* All but the window. */
static gdk_pool_bwd read(const gd_launch *l, const gd_tensor *x) {
    const gd_tensor *dy = l->in[0], *dx = l->out[0];
    const int64_t    V = dx->dtype == GD_F16 ? 8 : 4, C = dx->dim[3];
    gdk_pool_bwd     p = {.dy = dy->data,
                          .x = x->data,
                          .dx = dx->data,
                          .dy_pitch = dy->pitch,
                          .x_pitch = x->pitch,
                          .dx_pitch = dx->pitch,
                          .H = (int32_t)dx->dim[1],
                          .W = (int32_t)dx->dim[2],
                          .P = (int32_t)dy->dim[1],
                          .Q = (int32_t)dy->dim[2],
                          .wide = dx->dtype == GD_F32,
                          .early = gdk_early(l)};
    p.vec = C % V == 0 && gdk_aligned(x) && gdk_aligned(dy) && gdk_aligned(dx);
    const int64_t units = p.vec ? C / V : C;
    p.n = (uint32_t)(gd_tensor_pixels(dx) * units);
    p.n_out = (uint32_t)(gd_tensor_pixels(dy) * units);
    if (p.n == 0) return p;
    p.unit = gdk_fastdiv_by(units);
    p.by_W = gdk_fastdiv_by(dx->dim[2]);
    p.by_H = gdk_fastdiv_by(dx->dim[1]);
    p.by_Q = gdk_fastdiv_by(dy->dim[2]);
    p.by_P = gdk_fastdiv_by(dy->dim[1]);
    return p;
}

static void read_window(gdk_pool_bwd *p, const int32_t size[2], const int32_t stride[2],
                        const int32_t pad[2]) {
    memcpy(p->size, size, sizeof p->size);
    memcpy(p->stride, stride, sizeof p->stride);
    memcpy(p->pad, pad, sizeof p->pad);
}

static gd_status run_max(const gd_launch *l, gd_error *err) {
    const gd_max_pool2d *a = l->attr;
    gdk_pool_bwd         p = read(l, l->in[1]);
    if (p.n == 0) return GD_OK;
    read_window(&p, a->size, a->stride, a->pad);
    p.winner = l->scratch;
    p.large = window_of(l) > SMALL;
    return gdk_cuda_status(gdk_pool_max_bwd_launch(&p, gdk_stream(l)), "max_pool2d_bwd", err);
}

static gd_status run_average(const gd_launch *l, gd_error *err) {
    const gd_avg_pool2d *a = &((const gd_avg_pool2d_bwd *)l->attr)->pool;
    gdk_pool_bwd         p = read(l, l->in[0]);
    if (p.n == 0) return GD_OK;
    read_window(&p, a->size, a->stride, a->pad);
    p.count_include_pad = a->count_include_pad;
    return gdk_cuda_status(gdk_pool_average_bwd_launch(&p, gdk_stream(l)), "avg_pool2d_bwd",
                           err);
}

static gd_status run_adaptive(const gd_launch *l, gd_error *err) {
    gdk_pool_bwd p = read(l, l->in[0]);
    if (p.n == 0) return GD_OK;
    p.adaptive = 1;
    return gdk_cuda_status(gdk_pool_average_bwd_launch(&p, gdk_stream(l)),
                           "adaptive_avg_pool2d_bwd", err);
}

#define ROW(title, id, function, ...) \
    { GD_ROW_CUDA(title, id, function), .flags = GD_ROW_PITCH, __VA_ARGS__ }
#define ROWS(op, function, ...)                                    \
    {                                                              \
        ROW(#op "_cuda_f32", GD_F32, function, __VA_ARGS__),       \
            ROW(#op "_cuda_f16", GD_F16, function, __VA_ARGS__), { \
            0                                                      \
        }                                                          \
    }
extern const gd_kernel gdk_max_pool2d_bwd_cuda_rows[];
extern const gd_kernel gdk_avg_pool2d_bwd_cuda_rows[];
extern const gd_kernel gdk_adaptive_avg_pool2d_bwd_cuda_rows[];
const gd_kernel        gdk_max_pool2d_bwd_cuda_rows[] =
    ROWS(max_pool2d_bwd, run_max, .fits = fits_max, .scratch = scratch);
const gd_kernel gdk_avg_pool2d_bwd_cuda_rows[] =
    ROWS(avg_pool2d_bwd, run_average, .fits = fits_average);
const gd_kernel gdk_adaptive_avg_pool2d_bwd_cuda_rows[] =
    ROWS(adaptive_avg_pool2d_bwd, run_adaptive, .fits = fits);
