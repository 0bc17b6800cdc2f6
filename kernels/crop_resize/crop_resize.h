/* crop_resize.h -- pieces of frames to a network's input: what preprocess makes of a picture,
 * made of a rectangle of a larger one, where it lies.
 *
 *   in 0  frames U8 [F, cap, 3]: one after the other, each with room for cap pixels
 *   in 1  crops [N, 12]: GD_GEOM_* of preprocess (src is the size of the rectangle), then the
 *         frame, the rectangle's upper edge, its left edge, and the frame's width, all whole
 *   in 2  count I32 [1], optional: the first `count` crops are made; the rest is pad
 *   out   [N, out_h, out_w, 3], of the type of crops
 *
 * Attributes: gd_preprocess. A value never depends on a pixel outside its rectangle: the result
 * is that of preprocess on the rectangle copied out. */
#ifndef GD_KERNELS_CROP_RESIZE_H
#define GD_KERNELS_CROP_RESIZE_H

#include "kernels/crop_resize/crop_place.h"
#include "kernels/preprocess/preprocess.h"

/* Crop b. A rectangle that is not inside its frame fails; beyond `count` it is all zero. */
gd_status gdk_crop_picture(const gd_launch *l, int64_t b, gdk_picture *p,
                           gd_error *err) GD_MUST_CHECK;

GD_REF_DECLARE(crop_resize)

#endif
