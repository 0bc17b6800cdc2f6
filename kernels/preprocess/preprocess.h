/* preprocess.h -- attributes of the way from decoded pictures to the network's input.
 *
 *   in 0  pixels U8 [B, cap, 3]: the picture of each row of the batch, src_w * 3 bytes a line
 *   in 1  geom [B, 8]: src_h, src_w, new_h, new_w, top, left, scale_y, scale_x (GD_GEOM_*)
 *   out   [B, out_h, out_w, 3], of geom's type
 *
 * The picture is resized to new_h x new_w by `filter` and laid on the canvas with its corner at
 * (top, left); a negative corner crops, what stays uncovered is pad. A value is
 * (byte * scale - mean) / std; a scale that is the float nearest to 1/k divides by k, as
 * torchvision's ToTensor does. GD_FILTER_TORCH and GD_FILTER_CORNERS blend these values (the
 * detection transform normalises first); the other filters give bytes, which are normalised
 * after. swap_rb gives B, G, R; mean, std and pad follow the output's order, pad is an output
 * value. */
#ifndef GD_KERNELS_PREPROCESS_H
#define GD_KERNELS_PREPROCESS_H

#include <math.h>

#include "kernels/arg.h"
#include "kernels/resize/resample.h"
#include "kernels/rows.h"

typedef struct gd_preprocess {
    int32_t out_h, out_w;
    int32_t filter; /* GD_FILTER_*: resample.h */
    int32_t swap_rb;
    float   scale;
    float   mean[3], std[3], pad[3];
} gd_preprocess;

/* One picture of the batch, its geometry checked. All zero: none, and its canvas is pad. */
typedef struct gdk_picture {
    const uint8_t *rgb;
    size_t         stride; /* bytes from line to line */
    int            src_h, src_w, new_h, new_w, top, left;
    int            x0, x1, y0, y1; /* the part of the canvas that it covers */
} gdk_picture;

/* A whole number from least to most; else false. */
static inline bool gdk_whole_number(double v, double least, double most, int *out) {
    if (!(v >= least && v <= most) || v != floor(v)) return false;
    *out = (int)v;
    return true;
}
/* Sizes and places of a picture out of GD_GEOM numbers; false: some are not whole, or beyond
 * all bounds. The caller sets rgb and stride, and checks that they hold src_h lines of
 * src_w. */
bool gdk_picture_of(const gd_preprocess *a, const double g[GD_GEOM], gdk_picture *p);
extern const gd_attr_field gdk_preprocess_fields[];
void                       gdk_preprocess_cost(const gd_launch *l, gd_cost *c);
/* Attributes that make sense. */
gd_status gdk_preprocess_check(const gd_preprocess *a, const char *op,
                               gd_error *err) GD_MUST_CHECK;
/* k where scale is the float nearest to 1/k, else 0. */
static inline int gdk_preprocess_divisor(float scale) {
    const float k = rintf(1 / scale);
    return k >= 1 && k <= 65535 && 1 / k == scale ? (int)k : 0;
}

GD_REF_DECLARE(preprocess)
size_t    gdk_preprocess_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_preprocess_cpu_f32(const gd_launch *l, gd_error *err);

/* Picture b of a launch, for the functions below. */
typedef gd_status (*gdk_picture_at)(const gd_launch *l, int64_t b, gdk_picture *p,
                                    gd_error *err);
gd_status gdk_preprocess_picture(const gd_launch *l, int64_t b, gdk_picture *p,
                                 gd_error *err) GD_MUST_CHECK;
/* Every canvas of out[0], attributes gd_preprocess: the definition, and the fast row, whose
 * scratch is gdk_preprocess_cpu_scratch. */
gd_status gdk_canvases_ref_f32(const gd_launch *l, gdk_picture_at at,
                               gd_error *err) GD_MUST_CHECK;
gd_status gdk_canvases_ref_f64(const gd_launch *l, gdk_picture_at at,
                               gd_error *err) GD_MUST_CHECK;
gd_status gdk_canvases_cpu_f32(const gd_launch *l, gdk_picture_at at,
                               gd_error *err) GD_MUST_CHECK;

#endif
