/* preprocess.cuh -- what the preprocessing kernels share: the geometry of a picture, the values
 * of bytes, the store of a pixel. */
#ifndef GD_KERNELS_PREPROCESS_CUH
#define GD_KERNELS_PREPROCESS_CUH

#include "kernels/crop_resize/crop_place.h"
#include "kernels/cuda/vec.cuh"
#include "kernels/preprocess/preprocess_cuda.h"

/* One picture of the batch; all zero when its geometry makes no sense: then nothing is read,
 * and the canvas is pad. */
struct gdk_view {
    int     src_h, src_w, new_h, new_w, top, left;
    int     x0, x1, y0, y1; /* the part of the canvas that it covers */
    int     line;           /* pixels from line to line of the source */
    int64_t origin;         /* byte of p.pixels that its first pixel begins at */
};

static __device__ __forceinline__ int gdk_within(int v, int most) {
    return v < 0 ? 0 : v > most ? most : v;
}

/* As gdk_preprocess_picture and gdk_crop_picture, which fail where this gives an empty view. */
static __device__ __forceinline__ gdk_view gdk_view_of(const gdk_preprocess_cuda &p, int b) {
    constexpr float SRC = 65535.0f, NEW = 16777216.0f;
    const float    *g = p.geom + b * p.geom_pitch;
    gdk_view        v;
    bool            good = gdk_whole(g[GD_GEOM_SRC_H], 1, SRC, &v.src_h);
    good &= gdk_whole(g[GD_GEOM_SRC_W], 1, SRC, &v.src_w);
    good &= gdk_whole(g[GD_GEOM_NEW_H], 1, NEW, &v.new_h);
    good &= gdk_whole(g[GD_GEOM_NEW_W], 1, NEW, &v.new_w);
    good &= gdk_whole(g[GD_GEOM_TOP], -NEW, NEW, &v.top);
    good &= gdk_whole(g[GD_GEOM_LEFT], -NEW, NEW, &v.left);
    if (!good || (p.count && b >= *p.count)) return gdk_view{};
    if (p.F) {
        gdk_crop_place at;
        if (!gdk_crop_place_of(g, p.F, p.cap, v.src_h, v.src_w, &at)) return gdk_view{};
        v.line = at.line;
        v.origin = at.origin;
    } else {
        if ((int64_t)v.src_h * v.src_w > p.cap) return gdk_view{};
        v.line = v.src_w;
        v.origin = b * p.cap * 3;
    }
    v.y0 = gdk_within(v.top, p.out_h);
    v.y1 = gdk_within(v.top + v.new_h, p.out_h);
    v.x0 = gdk_within(v.left, p.out_w);
    v.x1 = gdk_within(v.left + v.new_w, p.out_w);
    return v;
}

/* Value of a byte as channel c of the output, in the order of operations of the definition. */
static __device__ __forceinline__ float gdk_byte_value(const gdk_preprocess_cuda &p, int byte,
                                                       int c) {
    const float v =
        p.divisor ? __fdiv_rn((float)byte, (float)p.divisor) : __fmul_rn((float)byte, p.scale);
    return __fdiv_rn(__fsub_rn(v, p.mean[c]), p.std[c]);
}

/* One output pixel. Where three channels are at a distance of four, the fourth becomes 0. */
static __device__ __forceinline__ void gdk_put_pixel(const gdk_preprocess_cuda &p,
                                                     int64_t pixel, const float (&v)[3]) {
    if (p.pitch == 4 && p.wide) {
        ((float4 *)p.out)[pixel] = make_float4(v[0], v[1], v[2], 0.0f);
    } else if (p.pitch == 4) {
        ((uint2 *)p.out)[pixel] =
            make_uint2(gdk_float_half2(v[0], v[1]), gdk_float_half2(v[2], 0.0f));
    } else {
        for (int c = 0; c < 3; c++) gdk_element_set(p.out, pixel * p.pitch + c, v[c], p.wide);
    }
}

#endif
