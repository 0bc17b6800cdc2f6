/* separable.h -- gaussian, sharpen and sobel: filters that are a column kernel times a row one.
 *
 *   in 0  x [N, H, W, C];  out  y of the same shape
 *   s(ky, kx)[n,h,w,c] = sum over i, j of
 *                        ky[i] * kx[j] * x[n, at(h + i - ry), at(w + j - rx), c]
 *
 * at() mirrors at the border without repeating it, 2 1 | 0 1 2 3 | 2 1, as often as needed:
 * OpenCV's default (BORDER_REFLECT_101). A plane of one line is that line everywhere.
 *
 *   gaussian  y = s(g, g), g[i] ~ exp(-(i - r)^2 / (2 sigma^2)), of sum 1: cv::GaussianBlur
 *   sharpen   y = x + amount * (x - gaussian(x)): unsharp masking
 *   sobel     scale times the derivative of the smoothed picture along x or y (cv::Sobel), its
 *             magnitude, or the length of both
 *
 * They prepare pictures and have no gradient. */
#ifndef GD_KERNELS_SEPARABLE_H
#define GD_KERNELS_SEPARABLE_H

#include "kernels/mirror.h"
#include "kernels/rows.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_MOST_TAPS = 255 };

typedef struct gd_gaussian {
    int32_t size[2];  /* taps along y and x: odd, 1 .. GDK_MOST_TAPS */
    float   sigma[2]; /* along y and x, in pixels */
} gd_gaussian;

typedef struct gd_sharpen {
    gd_gaussian blur;
    float       amount;
} gd_sharpen;

enum {
    GD_SOBEL_X,     /* d/dx */
    GD_SOBEL_Y,     /* d/dy */
    GD_SOBEL_BOTH,  /* sqrt((d/dx)^2 + (d/dy)^2) */
    GD_SOBEL_ABS_X, /* |d/dx| */
    GD_SOBEL_ABS_Y, /* |d/dy| */
    GD_N_SOBEL
};

typedef struct gd_sobel {
    int32_t size; /* 3, 5 or 7 */
    int32_t mode; /* GD_SOBEL_* */
    float   scale;
} gd_sobel;

/* What follows the sums. */
enum { GDK_AFTER_NONE, GDK_AFTER_SHARPEN, GDK_AFTER_ABS, GDK_AFTER_LENGTH };

/* A filter spelt out: one pair of kernels, or two (GDK_AFTER_LENGTH). */
typedef struct gdk_separable {
    int    n_pair, after;
    int    n_y[2], n_x[2]; /* taps; radius = n / 2 */
    double y[2][GDK_MOST_TAPS], x[2][GDK_MOST_TAPS];
    double amount; /* GDK_AFTER_SHARPEN; else 0 */
} gdk_separable;

/* From the attributes of a gd_gaussian, gd_sharpen or gd_sobel that infer has checked. */
void gdk_gaussian_spell(const void *attr, gdk_separable *s);
void gdk_sharpen_spell(const void *attr, gdk_separable *s);
void gdk_sobel_spell(const void *attr, gdk_separable *s);

GD_REF_DECLARE(gaussian)
GD_REF_DECLARE(sharpen)
GD_REF_DECLARE(sobel)
size_t    gdk_separable_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_gaussian_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_sharpen_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_sobel_cpu_f32(const gd_launch *l, gd_error *err);

#ifdef __cplusplus
}
#endif
#endif
