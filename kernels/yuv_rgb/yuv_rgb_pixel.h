/* yuv_rgb_pixel.h -- one pixel from luma and chroma to RGB: shared by the host and kernels.
 *
 *     R = Y' + vr (Cr - 128)  G = Y' + ug (Cb - 128) + vg (Cr - 128)  B = Y' + ub (Cb - 128)
 *     Y' = y (Y - black)
 *
 * with the matrix of ITU-R BT.601, BT.709 or BT.2020. Gains have 13 bits behind the point, and
 * each product is rounded down to a whole number before they are added: so does the
 * vector code of libswscale, and what a GPU decodes becomes the bytes that the CPU makes. */
#ifndef GD_KERNELS_YUV_RGB_PIXEL_H
#define GD_KERNELS_YUV_RGB_PIXEL_H

#include <stdint.h>

#include "kernels/cuda/host_device.h"

enum { GD_YUV_BT601, GD_YUV_BT709, GD_YUV_BT2020, GD_N_YUV };

/* 13 bits behind the point; black: the luma of black. */
enum { GD_YUV_Y, GD_YUV_VR, GD_YUV_UG, GD_YUV_VG, GD_YUV_UB, GD_YUV_BLACK, GD_YUV_GAIN };

/* The gains of a matrix. full: bytes 0 .. 255; else luma 16 .. 235, chroma 16 .. 240. */
static inline const float *gdk_yuv_gain_of(int matrix, int full) {
    static const float gain[GD_N_YUV][2][GD_YUV_GAIN] = {
        {{9539, 13075, -3209, -6660, 16525, 16}, {8192, 11485, -2819, -5850, 14516, 0}},
        {{9539, 14686, -1747, -4366, 17305, 16}, {8192, 12901, -1534, -3835, 15201, 0}},
        {{9539, 13752, -1535, -5328, 17545, 16}, {8192, 12080, -1348, -4680, 15412, 0}}};
    return gain[matrix][full != 0];
}

static inline GD_HOST_DEVICE int gdk_yuv_part(int v, int gain) { return (v * gain) >> 13; }

static inline GD_HOST_DEVICE int gdk_yuv_byte(int v) { return v < 0 ? 0 : v > 255 ? 255 : v; }

/* What the chroma of four pixels adds to each channel. */
static inline GD_HOST_DEVICE void gdk_yuv_chroma(const int g[GD_YUV_GAIN], int cb, int cr,
                                                 int add[3]) {
    add[0] = gdk_yuv_part(cr - 128, g[GD_YUV_VR]);
    add[1] = gdk_yuv_part(cb - 128, g[GD_YUV_UG]) + gdk_yuv_part(cr - 128, g[GD_YUV_VG]);
    add[2] = gdk_yuv_part(cb - 128, g[GD_YUV_UB]);
}

/* Channel c of a pixel, 0 .. 255. */
static inline GD_HOST_DEVICE int gdk_yuv_channel(const int g[GD_YUV_GAIN], int luma,
                                                 const int add[3], int c) {
    return gdk_yuv_byte(gdk_yuv_part(luma - g[GD_YUV_BLACK], g[GD_YUV_Y]) + add[c]);
}

/* Where the pair of chroma of pixel (x, y) begins. */
static inline GD_HOST_DEVICE int64_t gdk_yuv_pair(int x, int y, int64_t pitch) {
    return (int64_t)(y >> 1) * pitch + (x >> 1) * 2;
}

#endif
