/* augment.h -- pictures of a training batch: laid over each other, moved, recoloured.
 *
 *   in 0  pixels U8 [P, 3]: the pictures one after the other, each at a multiple of 16 pixels
 *   in 1  layers [B, S, GD_LAYER]: S layers for each row of the batch (GD_LAYER_*)
 *   out   [B, out_h, out_w, 3], of the layers' type
 *
 * The middle of output pixel (x, y) is X = x + 1/2, Y = y + 1/2, and a layer finds its picture
 * there at u = m0 X + m1 Y + m2, v = m3 X + m4 Y + m5, with 0 .. W between the sides of the
 * picture. Inside, the bytes are blended between the middles of pixels, the border repeated
 * (PyTorch's grid_sample, align_corners=False); outside, the layer is pad. Where a picture is
 * shrunk, `sub` x `sub` places of an output pixel are averaged. A colour is changed as
 * torchvision's adjust_brightness, adjust_contrast (towards `grey`) and adjust_saturation do,
 * in this order, and becomes (v * scale - mean) / std. Output = pad + the sum of
 * weight * (layer - pad) over the layers whose rectangle holds (X, Y): a mosaic is rectangles
 * side by side, mixup two weights that add up to 1. A layer of weight 0 is not looked at. */
#ifndef GD_KERNELS_AUGMENT_H
#define GD_KERNELS_AUGMENT_H

#include "kernels/arg.h"
#include "kernels/rows.h"

enum {
    GD_LAYER_ORIGIN, /* of its first pixel, in units of GD_LAYER_UNIT pixels */
    GD_LAYER_W,
    GD_LAYER_H,
    GD_LAYER_M,        /* 6: from output to picture */
    GD_LAYER_RECT = 9, /* x0 y0 x1 y1: x0 <= X < x1 and y0 <= Y < y1 */
    GD_LAYER_WEIGHT = 13,
    GD_LAYER_BRIGHTNESS,
    GD_LAYER_CONTRAST,
    GD_LAYER_SATURATION,
    GD_LAYER_GREY, /* 0 .. 255: of the whole picture, after its brightness */
    GD_LAYER_SUB,  /* 1 .. GD_LAYER_SUBS */
    GD_LAYER_SPARE,
    GD_LAYER
};
enum { GD_LAYER_UNIT = 16, GD_LAYER_SUBS = 8, GD_LAYERS = 8 };

typedef struct gd_augment {
    int32_t out_h, out_w;
    int32_t swap_rb; /* B, G, R; mean, std and pad follow the output's order */
    float   scale;
    float   mean[3], std[3], pad[3]; /* pad is an output value */
} gd_augment;

GD_REF_DECLARE(augment)

#endif
