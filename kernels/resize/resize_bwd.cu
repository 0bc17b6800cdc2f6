/* resize_bwd.cu -- the gradient of resizing feature maps. Bound by memory traffic: one read of
 * dy (bilinear: four, three of them from the caches) and one write of dx.
 *
 * table_kernel    a thread owns an output position of one axis, whose tap it leaves, or an
 *                 input position: which outputs read it
 * gather_kernel   a thread owns a unit of one input pixel and adds up what reads it, row by
 *                 row: no atomics, one order */
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/vec.cuh"
#include "kernels/resize/resize_bwd_cuda.h"
#include "kernels/resize/resize_tap.cuh"

enum { THREADS = 256 };

/* ---- tables ------------------------------------------------------------------------------ */

static __device__ __forceinline__ gdk_resize_tap any_tap(const gdk_resize_bwd &p, int at,
                                                         float scale, int src) {
    if (p.bilinear) return gdk_resize_tap_of((uint32_t)at, scale, src);
    const int i = gdk_resize_nearest((uint32_t)at, scale, src);
    return {i, i, 1.0f, 0.0f};
}

/* The first of n outputs whose later source position is h or beyond. Sources never go back from
 * one output to the next. */
static __device__ int first_at(const gdk_resize_bwd &p, int h, int n, float scale, int src) {
    int lo = 0, hi = n;
    while (lo < hi) {
        const int mid = lo + (hi - lo) / 2;
        if (any_tap(p, mid, scale, src).hi >= h)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

/* One past the last whose earlier source position is h or before. */
static __device__ int end_at(const gdk_resize_bwd &p, int h, int n, float scale, int src) {
    int lo = 0, hi = n;
    while (lo < hi) {
        const int mid = lo + (hi - lo) / 2;
        if (any_tap(p, mid, scale, src).lo > h)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

static __global__ void __launch_bounds__(THREADS)
    gdk_resize_table_kernel(const __grid_constant__ gdk_resize_bwd p) {
    const int taps = p.out_h + p.out_w;
    int       i = (int)(blockIdx.x * THREADS + threadIdx.x);
    gdk_grid_follow();
    if (i < p.out_h) {
        ((gdk_resize_tap *)p.tap)[i] = any_tap(p, i, p.scale_y, p.H);
    } else if (i < taps) {
        ((gdk_resize_tap *)p.tap)[i] = any_tap(p, i - p.out_h, p.scale_x, p.W);
    } else if (i - taps < p.H + p.W) {
        const bool  column = i - taps >= p.H;
        const int   h = column ? i - taps - p.H : i - taps;
        const int   n = column ? p.out_w : p.out_h, src = column ? p.W : p.H;
        const float scale = column ? p.scale_x : p.scale_y;
        p.reach[i - taps] = {first_at(p, h, n, scale, src), end_at(p, h, n, scale, src)};
    }
}

/* ---- sums -------------------------------------------------------------------------------- */

/* How much of an output with this tap came from input position h. */
static __device__ __forceinline__ float weight_of(const gdk_resize_tap &t, int h) {
    return (t.lo == h ? t.w_lo : 0.0f) + (t.hi == h ? t.w_hi : 0.0f);
}

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_resize_gather_kernel(const __grid_constant__ gdk_resize_bwd p) {
    constexpr int  W = V == 4;
    const uint32_t unit = blockIdx.x * THREADS + threadIdx.x;
    gdk_grid_follow();
    if (unit >= p.n) return;
    const uint32_t         pixel = gdk_divide(unit, &p.unit), c = (unit - pixel * p.unit.d) * V;
    const uint32_t         row = gdk_divide(pixel, &p.by_W), b = gdk_divide(row, &p.by_H);
    const int              h = (int)(row - b * p.by_H.d), w = (int)(pixel - row * p.by_W.d);
    const gdk_resize_tap  *down = (const gdk_resize_tap *)p.tap, *along = down + p.out_h;
    const gdk_resize_reach rows = p.reach[h], columns = p.reach[p.H + w];
    float                  sum[V] = {}, v[V];
    for (int y = rows.first; y < rows.end; y++) {
        const float   w_y = weight_of(down[y], h);
        const int64_t line = ((int64_t)b * p.out_h + y) * p.out_w;
#pragma unroll 4
        for (int x = columns.first; x < columns.end; x++) {
            const int64_t i = (line + x) * p.dy_pitch + c;
            if constexpr (V == 1)
                v[0] = gdk_element(p.dy, i, p.wide);
            else
                gdk_run_get<V>(v, gdk_run_load<V>((const char *)p.dy + (i << (1 + W)), W), W);
            const float by = w_y * weight_of(along[x], w);
#pragma unroll
            for (int k = 0; k < V; k++) sum[k] += v[k] * by;
        }
    }
    const int64_t i = (int64_t)pixel * p.dx_pitch + c;
    if constexpr (V == 1)
        gdk_element_set(p.dx, i, sum[0], p.wide);
    else
        gdk_run_store<V>((char *)p.dx + (i << (1 + W)), sum, W);
}

extern "C" cudaError_t gdk_resize_bwd_launch(const gdk_resize_bwd *p, cudaStream_t stream) {
    const unsigned tables =
        (unsigned)(p->H + p->W + p->out_h + p->out_w + THREADS - 1) / THREADS;
    const unsigned    blocks = (p->n + THREADS - 1) / THREADS;
    const cudaError_t e =
        gdk_launch(gdk_resize_table_kernel, tables, THREADS, 0, stream, p->early, 1, *p);
    if (e != cudaSuccess) return e;
    if (!p->vec)
        return gdk_launch(gdk_resize_gather_kernel<1>, blocks, THREADS, 0, stream, p->early, 1,
                          *p);
    if (p->wide)
        return gdk_launch(gdk_resize_gather_kernel<4>, blocks, THREADS, 0, stream, p->early, 1,
                          *p);
    return gdk_launch(gdk_resize_gather_kernel<8>, blocks, THREADS, 0, stream, p->early, 1, *p);
}
