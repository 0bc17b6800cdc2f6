/* pool.cu -- max and average pooling. Bound by memory traffic: neighbours of a window come from
 * the caches.
 *
 * A block owns 256 units, a thread one unit: V channels of one output pixel (8 halves, 4 floats
 * or a single element). In the split average a warp's lanes own 32 units of one output pixel
 * and the block's eight warps share its window; their sums are added in order. */
#include "kernels/cuda/vec.cuh"
#include "kernels/pool/pool.h"
#include "kernels/pool/pool_cuda.h"

enum { THREADS = 256, SLICES = THREADS / 32 };

/* The output pixel of a unit, and its window. */
struct window {
    int64_t       out, picture; /* pixel of y; first pixel of the picture in x */
    int64_t       c;
    gdk_pool_span v, u;
};

template <int V> static __device__ __forceinline__ int is_wide(const gdk_pool &p) {
    return V == 4 || (V == 1 && p.wide);
}

static __device__ __forceinline__ window window_of(const gdk_pool &p, uint32_t pixel) {
    window         w;
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
static __device__ __forceinline__ void load(const gdk_pool &p, int64_t at, int64_t c,
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
static __device__ __forceinline__ void store(const gdk_pool &p, int64_t at, int64_t c,
                                             const float (&v)[V]) {
    const int64_t i = at * p.y_pitch + c;
    if constexpr (V == 1) {
        gdk_element_set(p.y, i, v[0], p.wide);
    } else {
        constexpr int W = V == 4;
        gdk_run_store<V>((char *)p.y + (i << (1 + W)), v, W);
    }
}

/* NaN wins over numbers. */
template <int V>
static __device__ __forceinline__ void larger(float (&best)[V], const float (&v)[V]) {
#pragma unroll
    for (int i = 0; i < V; i++) best[i] = v[i] > best[i] || v[i] != v[i] ? v[i] : best[i];
}

/* SIZE 3: a 3 x 3 window, all nine loads under way at once; beyond the edge the pixel at the
 * edge is taken again, which changes no maximum. SIZE 0: any window. */
template <int V, int SIZE>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_pool_max_kernel(const __grid_constant__ gdk_pool p) {
    const uint32_t unit = blockIdx.x * THREADS + threadIdx.x;
    if (unit >= p.n) return;
    const uint32_t pixel = gdk_divide(unit, &p.unit);
    const int64_t  c = (int64_t)(unit - pixel * p.unit.d) * V;
    const window   w = window_of(p, pixel);
    float          best[V], v[V];
    load<V>(p, w.picture + w.v.first * p.W + w.u.first, c, best);
    if constexpr (SIZE == 3) {
#pragma unroll
        for (int i = 1; i < 9; i++) {
            const int64_t h = w.v.first + i / 3, k = w.u.first + i % 3;
            load<V>(p,
                    w.picture + (h < w.v.end ? h : w.v.end - 1) * p.W +
                        (k < w.u.end ? k : w.u.end - 1),
                    c, v);
            larger<V>(best, v);
        }
    } else {
        for (int64_t h = w.v.first; h < w.v.end; h++)
#pragma unroll 4
            for (int64_t k = w.u.first; k < w.u.end; k++) {
                load<V>(p, w.picture + h * p.W + k, c, v);
                larger<V>(best, v);
            }
    }
    store<V>(p, w.out, c, best);
}

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_pool_average_kernel(const __grid_constant__ gdk_pool p) {
    const uint32_t unit = blockIdx.x * THREADS + threadIdx.x;
    if (unit >= p.n) return;
    const uint32_t pixel = gdk_divide(unit, &p.unit);
    const int64_t  c = (int64_t)(unit - pixel * p.unit.d) * V;
    const window   w = window_of(p, pixel);
    float          sum[V] = {}, v[V];
    for (int64_t h = w.v.first; h < w.v.end; h++)
#pragma unroll 4
        for (int64_t k = w.u.first; k < w.u.end; k++) {
            load<V>(p, w.picture + h * p.W + k, c, v);
#pragma unroll
            for (int i = 0; i < V; i++) sum[i] += v[i];
        }
    const float count = (float)(w.v.count * w.u.count);
#pragma unroll
    for (int i = 0; i < V; i++) sum[i] /= count;
    store<V>(p, w.out, c, sum);
}

template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_pool_split_kernel(const __grid_constant__ gdk_pool p) {
    __shared__ float part[SLICES][V][32];
    const uint32_t   lane = threadIdx.x % 32, slice = threadIdx.x / 32;
    const uint32_t   unit = blockIdx.y * 32 + lane;
    const window     w = window_of(p, blockIdx.x);
    const int64_t    c = (int64_t)unit * V;
    const uint32_t   width = (uint32_t)(w.u.end - w.u.first);
    const uint32_t   taps = (uint32_t)(w.v.end - w.v.first) * width;
    float            sum[V] = {}, v[V];
    if (unit < p.unit.d) {
        uint32_t h = slice / width, k = slice % width;
#pragma unroll 4
        for (uint32_t t = slice; t < taps; t += SLICES) {
            load<V>(p, w.picture + (w.v.first + h) * p.W + w.u.first + k, c, v);
#pragma unroll
            for (int i = 0; i < V; i++) sum[i] += v[i];
            for (k += SLICES; k >= width; k -= width) h++;
        }
    }
#pragma unroll
    for (int i = 0; i < V; i++) part[slice][i][lane] = sum[i];
    __syncthreads();
    if (slice > 0 || unit >= p.unit.d) return;
    const float count = (float)(w.v.count * w.u.count);
#pragma unroll
    for (int i = 0; i < V; i++) {
        for (int s = 1; s < SLICES; s++) sum[i] += part[s][i][lane];
        sum[i] /= count;
    }
    store<V>(p, w.out, c, sum);
}

extern "C" cudaError_t gdk_pool_max_launch(const gdk_pool *p, cudaStream_t stream) {
    const unsigned blocks = (p->n + THREADS - 1) / THREADS;
    const bool     three = p->size[0] == 3 && p->size[1] == 3;
    if (!p->vec)
        gdk_pool_max_kernel<1, 0><<<blocks, THREADS, 0, stream>>>(*p);
    else if (p->wide && three)
        gdk_pool_max_kernel<4, 3><<<blocks, THREADS, 0, stream>>>(*p);
    else if (p->wide)
        gdk_pool_max_kernel<4, 0><<<blocks, THREADS, 0, stream>>>(*p);
    else if (three)
        gdk_pool_max_kernel<8, 3><<<blocks, THREADS, 0, stream>>>(*p);
    else
        gdk_pool_max_kernel<8, 0><<<blocks, THREADS, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}

extern "C" cudaError_t gdk_pool_average_launch(const gdk_pool *p, int split,
                                               cudaStream_t stream) {
    const dim3     rows(p->n / p->unit.d, (p->unit.d + 31) / 32);
    const unsigned blocks = (p->n + THREADS - 1) / THREADS;
    if (split && !p->vec)
        gdk_pool_split_kernel<1><<<rows, THREADS, 0, stream>>>(*p);
    else if (split && p->wide)
        gdk_pool_split_kernel<4><<<rows, THREADS, 0, stream>>>(*p);
    else if (split)
        gdk_pool_split_kernel<8><<<rows, THREADS, 0, stream>>>(*p);
    else if (!p->vec)
        gdk_pool_average_kernel<1><<<blocks, THREADS, 0, stream>>>(*p);
    else if (p->wide)
        gdk_pool_average_kernel<4><<<blocks, THREADS, 0, stream>>>(*p);
    else
        gdk_pool_average_kernel<8><<<blocks, THREADS, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}
