/* class_map.h -- attributes of the operators behind a segmentation network: the best class of
 * each pixel of the source picture, smoothed, and counted.
 *
 * arg_max      in 0  logits [B, h, w, C]; in 1, optional, geom [B, 8] (GD_GEOM_*: arg.h)
 *              without geom: out [B, h, w, 1], the channel of the largest value of each pixel
 *              (any shape will do); U8, or I32 where C is more than 256
 *              with geom: out U8 [B, pixels, 1], src_h lines of src_w classes from the start of
 *              each picture's row, then zeros
 * mode_filter  in 0  map U8 [B, pixels, 1]; in 1  geom; out the same: the most frequent class
 *              of the 2 radius + 1 pixels square around each pixel, as far as it lies in the
 *              picture. Equally frequent: the pixel's own class, else the lowest
 * class_count  in 0  map; in 1  geom; out I32 [B, n_class]: pixels of each class
 *
 * With geom, arg_max is what two bilinear resizes (align_corners = False, resize.h) and an arg
 * max make of the logits: to the network's input net_h x net_w, of which the part that the
 * picture covers (new_h x new_w at top, left) goes to src_h x src_w. Neither is stored: each
 * axis of a pixel takes at most three logits, whose weights are told in class_map_at.h. Of
 * equal values the first wins, NaN never does. A picture whose geometry is not whole, or has
 * no room in `pixels`, is all zeros, and counts nothing. None has a gradient. */
#ifndef GD_KERNELS_CLASS_MAP_H
#define GD_KERNELS_CLASS_MAP_H

#include "kernels/class_map/class_map_at.h"
#include "kernels/rows.h"

enum { GD_MAP_CLASSES = 256, GD_MODE_RADIUS = 15 };

typedef struct gd_arg_max {
    int32_t net_h, net_w; /* with geom: the network's input, not smaller than the logits */
    int32_t pixels;       /* with geom: room for a picture's map */
} gd_arg_max;

typedef struct gd_mode_filter {
    int32_t radius; /* 1 .. GD_MODE_RADIUS */
} gd_mode_filter;

typedef struct gd_class_count {
    int32_t n_class; /* 1 .. GD_MAP_CLASSES */
} gd_class_count;

/* Where picture b of a launch lies, by its geometry, in[1]; false: nowhere. */
bool gdk_map_picture(const gd_launch *l, int64_t b, int64_t pixels, gdk_map_place *out);

GD_REF_DECLARE(arg_max)
GD_REF_DECLARE(mode_filter)
GD_REF_DECLARE(class_count)
size_t    gdk_arg_max_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_arg_max_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_mode_filter_cpu_f32(const gd_launch *l, gd_error *err);

#endif
