/* resize_tap.cuh -- which source positions an output position reads along an axis, on a
 * device. */
#ifndef GD_KERNELS_RESIZE_TAP_CUH
#define GD_KERNELS_RESIZE_TAP_CUH

struct gdk_resize_tap {
    int   lo, hi;
    float w_lo, w_hi;
};

static __device__ __forceinline__ int gdk_resize_nearest(uint32_t at, float scale, int src) {
    const int i = (int)floorf(__fmul_rn((float)at, scale));
    return i < src ? i : src - 1;
}

/* PyTorch: the scale in float32, the coordinate in double. */
static __device__ __forceinline__ gdk_resize_tap gdk_resize_tap_of(uint32_t at, float scale,
                                                                   int src) {
    const double   x = fmax(__dmul_rn((double)scale, at + 0.5) - 0.5, 0.0);
    gdk_resize_tap t;
    t.lo = (int)x < src ? (int)x : src - 1;
    t.hi = t.lo + 1 < src ? t.lo + 1 : t.lo;
    t.w_hi = (float)fmin(x - t.lo, 1.0);
    t.w_lo = 1.0f - t.w_hi;
    return t;
}

#endif
