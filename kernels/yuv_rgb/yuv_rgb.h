/* yuv_rgb.h -- decoded pictures to RGB: the bytes that libswscale makes of the same planes.
 *
 *   in 0  luma U8 [H, P], P >= width bytes a row, dense
 *   in 1  chroma U8 [(H + 1) / 2, Q]: Cb and Cr by turns (NV12), Q >= width rounded up to even
 *   in 2  gain [6]: whole numbers, as gdk_yuv_gain_of gives them; never in halves
 *   out   rgb U8 [H, width, 3]
 *
 * Four pixels share a pair of chroma, as it is. The arithmetic is that of yuv_rgb_pixel.h. It
 * has no gradient. */
#ifndef GD_KERNELS_YUV_RGB_H
#define GD_KERNELS_YUV_RGB_H

#include "kernels/rows.h"
#include "kernels/yuv_rgb/yuv_rgb_pixel.h"

typedef struct gd_yuv_rgb {
    int32_t width;
} gd_yuv_rgb;

GD_REF_DECLARE(yuv_rgb)

#endif
