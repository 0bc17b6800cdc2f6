/* preprocess.h -- attributes of the way from decoded pictures to the network's input.
 *
 *   in 0  pixels U8 [B, cap, 3]: the picture of each row of the batch, src_w * 3 bytes a line
 *   in 1  geom [B, 8]: src_h, src_w, new_h, new_w, top, left, scale_y, scale_x (GD_GEOM_*)
 *   out   [B, out_h, out_w, 3], of geom's type
 *
 * The picture is resized to new_h x new_w by `filter` and laid on the canvas with its corner at
 * (top, left); a negative corner crops, what stays uncovered is pad. A value is
 * (byte * scale - mean) / std; a scale that is the float nearest to 1/k divides by k, as
 * torchvision's ToTensor does. GD_FILTER_TORCH blends these values (its detection transform
 * normalises first); the other filters give bytes, which are normalised after. swap_rb gives
 * B, G, R; mean, std and pad follow the output's order, pad is an output value. */
#ifndef GD_KERNELS_PREPROCESS_H
#define GD_KERNELS_PREPROCESS_H

#include <math.h>

#include "kernels/resize/resample.h"
#include "kernels/rows.h"

typedef struct gd_preprocess {
    int32_t out_h, out_w;
    int32_t filter; /* GD_FILTER_*: resample.h */
    int32_t swap_rb;
    float   scale;
    float   mean[3], std[3], pad[3];
} gd_preprocess;

/* One picture of the batch, its geometry checked. */
typedef struct gdk_picture {
    const uint8_t *rgb;
    int            src_h, src_w, new_h, new_w, top, left;
    int            x0, x1, y0, y1; /* the part of the canvas that it covers */
} gdk_picture;

/* Reads row b of geom. Sizes that are not whole, or do not fit cap, fail. */
gd_status gdk_preprocess_picture(const gd_launch *l, int64_t b, gdk_picture *p,
                                 gd_error *err) GD_MUST_CHECK;
/* k where scale is the float nearest to 1/k, else 0. */
static inline int gdk_preprocess_divisor(float scale) {
    const float k = rintf(1 / scale);
    return k >= 1 && k <= 65535 && 1 / k == scale ? (int)k : 0;
}

GD_REF_DECLARE(preprocess)
size_t    gdk_preprocess_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_preprocess_cpu_f32(const gd_launch *l, gd_error *err);

#endif
