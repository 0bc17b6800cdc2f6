/* pool.cuh -- what the pooling kernels share: windows, loads and stores of units. */
#ifndef GD_KERNELS_POOL_CUH
#define GD_KERNELS_POOL_CUH

#include "kernels/cuda/vec.cuh"
#include "kernels/pool/pool.h"
#include "kernels/pool/pool_cuda.h"

/* The output pixel of a unit, and its window. */
struct gdk_window {
    int64_t       out, picture; /* pixel of y; first pixel of the picture in x */
    gdk_pool_span v, u;
};

static __device__ __forceinline__ gdk_window gdk_window_of(const gdk_pool &p, uint32_t pixel) {
    gdk_window     w;
    const uint32_t row = gdk_divide(pixel, &p.Q), q = pixel - row * p.Q.d;
    const uint32_t n = gdk_divide(row, &p.P), o = row - n * p.P.d;
    w.out = pixel;
    w.picture = (int64_t)n * p.H * p.W;
    if (p.adaptive) {
        w.v = gdk_pool_span_adaptive(o, p.H, p.P.d);
        w.u = gdk_pool_span_adaptive(q, p.W, p.Q.d);
    } else {
        const bool with_pad = p.count_include_pad != 0;
        w.v = gdk_pool_span_at(o, p.H, p.size[0], p.stride[0], p.pad[0], with_pad);
        w.u = gdk_pool_span_at(q, p.W, p.size[1], p.stride[1], p.pad[1], with_pad);
    }
    return w;
}

/* v = the unit's channels of pixel `at` of x. */
template <int V>
static __device__ __forceinline__ void gdk_pool_load(const gdk_pool &p, int64_t at, int64_t c,
                                                     float (&v)[V]) {
    const int64_t i = at * p.x_pitch + c;
    if constexpr (V == 1) {
        v[0] = gdk_element(p.x, i, p.wide);
    } else {
        constexpr int W = V == 4;
        gdk_run_get<V>(v, gdk_run_load<V>((const char *)p.x + (i << (1 + W)), W), W);
    }
}

template <int V>
static __device__ __forceinline__ void gdk_pool_store(const gdk_pool &p, int64_t at, int64_t c,
                                                      const float (&v)[V]) {
    const int64_t i = at * p.y_pitch + c;
    if constexpr (V == 1) {
        gdk_element_set(p.y, i, v[0], p.wide);
    } else {
        constexpr int W = V == 4;
        gdk_run_store<V>((char *)p.y + (i << (1 + W)), v, W);
    }
}

#endif
