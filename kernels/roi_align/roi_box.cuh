/* roi_box.cuh -- a box in feature pixels and its sampling points, on a device. Coordinates are
 * rounded as roi_align_ref.c rounds them. */
#ifndef GD_KERNELS_ROI_BOX_CUH
#define GD_KERNELS_ROI_BOX_CUH

#include "kernels/cuda/round.h"
#include "kernels/roi_align/roi_align.h"

struct gdk_roi {
    float x, y, bin_w, bin_h, count;
    int   grid_w, grid_h;
};

static __device__ __forceinline__ int gdk_roi_grid(float bin) {
    const float g = ceilf(bin);
    return g > GD_ROI_MAX_GRID ? GD_ROI_MAX_GRID : g > 0 ? (int)g : 0;
}

/* False where the box gives zeros. */
static __device__ bool gdk_roi_of(const gd_roi_align &a, float4 p, float scale, gdk_roi *r) {
    if (!isfinite(p.x) || !isfinite(p.y) || !isfinite(p.z) || !isfinite(p.w)) return false;
    const float shift = a.aligned ? 0.5f : 0.0f;
    r->x = gdk_sub(gdk_mul(p.x, scale), shift);
    r->y = gdk_sub(gdk_mul(p.y, scale), shift);
    float w = gdk_sub(gdk_sub(gdk_mul(p.z, scale), shift), r->x);
    float h = gdk_sub(gdk_sub(gdk_mul(p.w, scale), shift), r->y);
    if (!a.aligned) {
        w = w > 1.0f ? w : 1.0f;
        h = h > 1.0f ? h : 1.0f;
    }
    r->bin_w = w / (float)a.out_w;
    r->bin_h = h / (float)a.out_h;
    r->grid_w = a.sampling ? a.sampling : gdk_roi_grid(r->bin_w);
    r->grid_h = a.sampling ? a.sampling : gdk_roi_grid(r->bin_h);
    const int count = r->grid_w * r->grid_h;
    r->count = (float)(count > 1 ? count : 1);
    return true;
}

/* Neighbours of one sampling coordinate and the weight of the second; lo < 0: outside. */
struct gdk_roi_tap {
    int   lo, hi;
    float w_hi;
};

/* Point i of bin b on an axis of `size` pixels. */
static __device__ __forceinline__ gdk_roi_tap gdk_roi_tap_of(float start, float bin, int b,
                                                             int i, int grid, int size) {
    float at = gdk_add(gdk_add(start, gdk_mul((float)b, bin)),
                       gdk_mul(gdk_add((float)i, 0.5f), bin) / (float)grid);
    if (!(at >= -1.0f) || !(at <= (float)size)) return {-1, -1, 0.0f};
    if (at <= 0.0f) at = 0.0f;
    const int lo = (int)at;
    if (lo >= size - 1) return {size - 1, size - 1, 0.0f};
    return {lo, lo + 1, at - (float)lo};
}

#endif
