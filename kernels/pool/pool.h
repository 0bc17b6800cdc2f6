/* pool.h -- attributes and launchers of 2-D pooling: x [N, H, W, C] -> y [N, P, Q, C].
 *
 *   P = (H + 2 * pad - size) / stride + 1, rounded down, or up with ceil_mode; a last window
 *   that would start beyond the input and its leading padding is dropped (PyTorch's rule).
 *   max_pool2d           padding never wins; the backward pass looks for the winner again, the
 *                        first of equals in row order, so inference carries no indices
 *   avg_pool2d           divides by the window's pixels: those on the input and, with
 *                        count_include_pad, those on the padding, but none beyond it
 *   adaptive_avg_pool2d  window p covers rows floor(p*H/P) .. ceil((p+1)*H/P) - 1 */
#ifndef GD_KERNELS_POOL_H
#define GD_KERNELS_POOL_H

#include "engine/op.h"
#include "kernels/cuda/host_device.h"
#include "kernels/rows.h"
#include "kernels/window.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Pairs are vertical, horizontal. */
typedef struct gd_max_pool2d {
    int32_t size[2], stride[2], pad[2];
    int32_t ceil_mode;
} gd_max_pool2d;

typedef struct gd_avg_pool2d {
    int32_t size[2], stride[2], pad[2];
    int32_t ceil_mode, count_include_pad;
} gd_avg_pool2d;

typedef struct gd_adaptive_avg_pool2d {
    int32_t out_h, out_w;
} gd_adaptive_avg_pool2d;

/* The backward nodes of averages: dy -> dx, whose plane is H x W. */
typedef struct gd_avg_pool2d_bwd {
    gd_avg_pool2d pool;
    int32_t       plane[2];
} gd_avg_pool2d_bwd;

typedef struct gd_adaptive_avg_pool2d_bwd {
    int32_t plane[2];
} gd_adaptive_avg_pool2d_bwd;

/* One axis of one window: pixels first .. end - 1 of the input, and what an average divides by
 * along this axis. */
typedef struct gdk_pool_span {
    int64_t first, end, count;
} gdk_pool_span;

/* Window `o` of an axis of `in` pixels. The count includes padding, not what lies beyond it. */
static inline GD_HOST_DEVICE gdk_pool_span gdk_pool_span_at(int64_t o, int64_t in, int64_t size,
                                                            int64_t stride, int64_t pad,
                                                            bool count_include_pad) {
    const int64_t start = o * stride - pad;
    const int64_t stop = start + size < in + pad ? start + size : in + pad;
    gdk_pool_span s = {start < 0 ? 0 : start, stop < in ? stop : in, 0};
    s.count = count_include_pad ? stop - start : s.end - s.first;
    return s;
}

static inline GD_HOST_DEVICE gdk_pool_span gdk_pool_span_adaptive(int64_t o, int64_t in,
                                                                  int64_t out) {
    gdk_pool_span s = {o * in / out, ((o + 1) * in + out - 1) / out, 0};
    s.count = s.end - s.first;
    return s;
}

/* Windows along one axis; 0 when none fits. */
static inline int64_t gdk_pool_count(int64_t in, int64_t size, int64_t stride, int64_t pad,
                                     bool ceil_mode) {
    const int64_t room = in + 2 * pad - size + (ceil_mode ? stride - 1 : 0);
    if (room < 0) return 0;
    const int64_t n = room / stride + 1;
    return ceil_mode && (n - 1) * stride >= in + pad ? n - 1 : n;
}

/* Attributes that max and average pooling share: clean errors for both. */
gd_status gdk_pool_infer(const char *op, const gd_launch *l, const int32_t size[2],
                         const int32_t stride[2], const int32_t pad[2], bool ceil_mode,
                         gd_error *err);

gd_status gdk_max_pool2d_omp_f32(const gd_launch *l, gd_error *err);
gd_status gdk_avg_pool2d_omp_f32(const gd_launch *l, gd_error *err);
gd_status gdk_adaptive_avg_pool2d_omp_f32(const gd_launch *l, gd_error *err);
gd_status gdk_max_pool2d_bwd_omp_f32(const gd_launch *l, gd_error *err);
gd_status gdk_avg_pool2d_bwd_omp_f32(const gd_launch *l, gd_error *err);
gd_status gdk_adaptive_avg_pool2d_bwd_omp_f32(const gd_launch *l, gd_error *err);
/* Their row. */
#define GDK_POOL_ROW(op)                                                                   \
    {                                                                                      \
        .name = #op "_omp_f32", .backend = GD_CPU, .dtype = GD_F32, .flags = GD_ROW_PITCH, \
        .run = gdk_##op##_omp_f32                                                          \
    }

GD_REF_DECLARE(max_pool2d)
GD_REF_DECLARE(max_pool2d_bwd)
GD_REF_DECLARE(avg_pool2d)
GD_REF_DECLARE(avg_pool2d_bwd)
GD_REF_DECLARE(adaptive_avg_pool2d)
GD_REF_DECLARE(adaptive_avg_pool2d_bwd)

#ifdef __cplusplus
}
#endif
#endif
