/* guided_filter.h -- the guided image filter of He, Sun and Tang: smoothing that keeps edges.
 *
 * "Guided Image Filtering", PAMI 2013; exact box sums, no subsampling.
 *
 *   in 0  p [N, H, W, C]: what is filtered
 *   in 1  I [N, H, W, G], G = 1 (grey) or 3 (colour): the guide; absent: p guides itself
 *   out   q [N, H, W, C]
 *
 * For each channel of p, in each window k of (2 radius + 1)^2 pixels, q = a_k . I + b_k with
 *   a_k = (cov_k(I) + eps U)^-1 (mean_k(I p) - mean_k(I) mean_k(p))
 *   b_k = mean_k(p) - a_k . mean_k(I)
 *   q_i = mean_i(a) . I_i + mean_i(b)
 * where means over a window that leaves the picture take the pixels inside alone, as the
 * authors' code does. eps is in squared units of I. A filter of pictures: no gradient. */
#ifndef GD_KERNELS_GUIDED_FILTER_H
#define GD_KERNELS_GUIDED_FILTER_H

#include "kernels/cuda/host_device.h"
#include "kernels/rows.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_GUIDED_CHANNELS = 4, GDK_GUIDED_RADIUS = 32767 };

typedef struct gd_guided_filter {
    int32_t radius; /* 0 .. GDK_GUIDED_RADIUS */
    float   eps;    /* > 0 */
} gd_guided_filter;

/* What a launch is about. Moments of a window, in this order: I (G), I I (the upper triangle
 * by rows), and unless p guides itself p (C) and I p (by channels of p). Each channel of p has
 * G + 1 coefficients, a and then b. */
typedef struct gdk_guided {
    int     G, C, self;
    int     n_moment, n_coef;
    int64_t N, H, W;
    int     ry, rx; /* the radius where it matters: less than H, than W */
    float   eps;
} gdk_guided;
gdk_guided gdk_guided_of(const gd_launch *l);

/* Moment (g, h), g <= h, of the triangle behind the G means. */
static inline GD_HOST_DEVICE int gdk_guided_pair(int G, int g, int h) {
    return G + g * G - g * (g - 1) / 2 + h - g;
}

/* x = S^-1 v for S = s + eps U, 3 x 3, symmetric and positive; s is s00 s01 s02 s11 s12 s22. */
static inline GD_HOST_DEVICE void gdk_guided_solve3(const float *s, float eps, const float *v,
                                                    float *x) {
    const float d0 = s[0] + eps, l1 = s[1] / d0, l2 = s[2] / d0;
    const float d1 = s[3] + eps - l1 * s[1], t = s[4] - l1 * s[2], m = t / d1;
    const float d2 = s[5] + eps - l2 * s[2] - m * t;
    const float z1 = v[1] - l1 * v[0], z2 = v[2] - l2 * v[0] - m * z1;
    x[2] = z2 / d2;
    x[1] = z1 / d1 - m * x[2];
    x[0] = v[0] / d0 - l1 * x[1] - l2 * x[2];
}

GD_REF_DECLARE(guided_filter)
size_t    gdk_guided_filter_ref_scratch(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_guided_filter_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_guided_filter_cpu_f32(const gd_launch *l, gd_error *err);

#ifdef __cplusplus
}
#endif
#endif
