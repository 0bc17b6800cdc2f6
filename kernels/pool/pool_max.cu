/* pool_max.cu -- maximum over windows. Bound by memory traffic: neighbours come from the
 * caches, or for large windows from shared memory.
 *
 * A block owns 256 units, a thread one unit: V channels of one output pixel (8 halves, 4 floats
 * or a single element). The tile kernel's block owns SIDE x SIDE output pixels of one unit of
 * channels: rows of a window first, then columns, so that a window of n x n costs 2 n. */
#include "kernels/cuda/launch.cuh"
#include "kernels/pool/pool.cuh"

enum { THREADS = 256, SIDE = 20, MOST = 13, HALO = SIDE + MOST - 1 };

static __device__ __forceinline__ float larger(float a, float b) {
    return b > a || b != b ? b : a; /* NaN wins over numbers */
}

/* Two halves each. */
static __device__ __forceinline__ uint32_t larger_halves(uint32_t a, uint32_t b) {
#if __CUDA_ARCH__ >= 800
    const __half2 m = __hmax2_nan(*(const __half2 *)&a, *(const __half2 *)&b);
    return *(const uint32_t *)&m;
#else
    const float2 x = gdk_half2_float(a), y = gdk_half2_float(b);
    return gdk_float_half2(larger(x.x, y.x), larger(x.y, y.y));
#endif
}

static __device__ __forceinline__ uint32_t larger_word(uint32_t a, uint32_t b, int wide) {
    return wide ? __float_as_uint(larger(__uint_as_float(a), __uint_as_float(b)))
                : larger_halves(a, b);
}

/* A unit of V channels as it lies in memory; V 1: its element as a float. */
template <int V> struct value {
    uint4                                   w;
    static __device__ __forceinline__ value load(const gdk_pool &p, int64_t at, int64_t c) {
        return {((const uint4 *)p.x)[(at * p.x_pitch + c) / V]};
    }
    __device__ __forceinline__ void take(const value &o) {
        constexpr int WIDE = V == 4;
        w.x = larger_word(w.x, o.w.x, WIDE);
        w.y = larger_word(w.y, o.w.y, WIDE);
        w.z = larger_word(w.z, o.w.z, WIDE);
        w.w = larger_word(w.w, o.w.w, WIDE);
    }
    __device__ __forceinline__ void store(const gdk_pool &p, int64_t at, int64_t c) const {
        ((uint4 *)p.y)[(at * p.y_pitch + c) / V] = w;
    }
    /* Minus infinity: what lies outside never wins. */
    static __device__ __forceinline__ value least() {
        constexpr uint32_t E = V == 4 ? 0xff800000u : 0xfc00fc00u;
        return {make_uint4(E, E, E, E)};
    }
};
template <> struct value<1> {
    float                                   v;
    static __device__ __forceinline__ value load(const gdk_pool &p, int64_t at, int64_t c) {
        return {gdk_element(p.x, at * p.x_pitch + c, p.wide)};
    }
    __device__ __forceinline__ void take(const value &o) { v = larger(v, o.v); }
    __device__ __forceinline__ void store(const gdk_pool &p, int64_t at, int64_t c) const {
        gdk_element_set(p.y, at * p.y_pitch + c, v, p.wide);
    }
};

/* SIZE 3: a 3 x 3 window, all nine loads under way at once; beyond the edge the pixel at the
 * edge is taken again, which changes no maximum. SIZE 0: any window. */
template <int V, int SIZE>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_pool_max_kernel(const __grid_constant__ gdk_pool p) {
    const uint32_t unit = blockIdx.x * THREADS + threadIdx.x;
    gdk_grid_follow();
    if (unit >= p.n) return;
    const uint32_t   pixel = gdk_divide(unit, &p.unit);
    const int64_t    c = (int64_t)(unit - pixel * p.unit.d) * V;
    const gdk_window w = gdk_window_of(p, pixel);
    value<V>         best = value<V>::load(p, w.picture + w.v.first * p.W + w.u.first, c);
    if constexpr (SIZE == 3) {
#pragma unroll
        for (int i = 1; i < 9; i++) {
            int64_t h = w.v.first + i / 3, k = w.u.first + i % 3;
            if (h >= w.v.end) h = w.v.end - 1;
            if (k >= w.u.end) k = w.u.end - 1;
            best.take(value<V>::load(p, w.picture + h * p.W + k, c));
        }
    } else {
        for (int64_t h = w.v.first; h < w.v.end; h++)
#pragma unroll 4
            for (int64_t k = w.u.first; k < w.u.end; k++)
                best.take(value<V>::load(p, w.picture + h * p.W + k, c));
    }
    best.store(p, w.out, c);
}

/* Stride 1, windows of at most MOST x MOST. Grid: tiles, units, pictures. */
template <int V>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_pool_tile_kernel(const __grid_constant__ gdk_pool p) {
    __shared__ value<V> in[HALO][HALO], across[HALO][SIDE];
    const int           P = (int)p.P.d, Q = (int)p.Q.d, tiles = (Q + SIDE - 1) / SIDE;
    const int     y0 = (int)blockIdx.x / tiles * SIDE, x0 = (int)blockIdx.x % tiles * SIDE;
    const int     rows = SIDE + p.size[0] - 1;
    const int64_t c = (int64_t)blockIdx.y * V, n = blockIdx.z;
    gdk_grid_follow();
    for (int i = (int)threadIdx.x; i < rows * HALO; i += THREADS) {
        const int h = y0 - p.pad[0] + i / HALO, w = x0 - p.pad[1] + i % HALO;
        in[i / HALO][i % HALO] = h >= 0 && h < p.H && w >= 0 && w < p.W
                                     ? value<V>::load(p, (n * p.H + h) * p.W + w, c)
                                     : value<V>::least();
    }
    __syncthreads();
    for (int i = (int)threadIdx.x; i < rows * SIDE; i += THREADS) {
        value<V> best = in[i / SIDE][i % SIDE];
        for (int k = 1; k < p.size[1]; k++) best.take(in[i / SIDE][i % SIDE + k]);
        across[i / SIDE][i % SIDE] = best;
    }
    __syncthreads();
    for (int i = (int)threadIdx.x; i < SIDE * SIDE; i += THREADS) {
        const int y = y0 + i / SIDE, x = x0 + i % SIDE;
        value<V>  best = across[i / SIDE][i % SIDE];
        for (int k = 1; k < p.size[0]; k++) best.take(across[i / SIDE + k][i % SIDE]);
        if (y < P && x < Q) best.store(p, (n * P + y) * Q + x, c);
    }
}

/* Windows that are worth a tile, and that one holds. */
static bool takes_tile(const gdk_pool *p) {
    return p->vec && p->stride[0] == 1 && p->stride[1] == 1 && p->size[0] <= MOST &&
           p->size[1] <= MOST && p->size[0] * p->size[1] > 9;
}

extern "C" cudaError_t gdk_pool_max_launch(const gdk_pool *p, cudaStream_t stream) {
    const unsigned blocks = (p->n + THREADS - 1) / THREADS;
    const bool     three = p->size[0] == 3 && p->size[1] == 3;
    const unsigned high = (p->P.d + SIDE - 1) / SIDE, across = (p->Q.d + SIDE - 1) / SIDE;
    const dim3     tiles(high * across, p->unit.d, p->n / p->unit.d / p->P.d / p->Q.d);
    const bool     tile = takes_tile(p) && tiles.y <= 65535 && tiles.z <= 65535;
    const auto     go = [&](void (*kernel)(gdk_pool), dim3 grid) {
        return gdk_launch(kernel, grid, THREADS, 0, stream, p->early, 1, *p);
    };
    if (!p->vec) return go(gdk_pool_max_kernel<1, 0>, blocks);
    if (tile) return go(p->wide ? gdk_pool_tile_kernel<4> : gdk_pool_tile_kernel<8>, tiles);
    if (p->wide)
        return go(three ? gdk_pool_max_kernel<4, 3> : gdk_pool_max_kernel<4, 0>, blocks);
    return go(three ? gdk_pool_max_kernel<8, 3> : gdk_pool_max_kernel<8, 0>, blocks);
}
