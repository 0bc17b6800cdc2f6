/* columns.cuh -- sums over the pixels of each channel, in one order: columns_pick.h.
 *
 * A thread keeps its channels, and with them whatever belongs to a channel in registers, and
 * walks down the pixels of its block. */
#ifndef GD_KERNELS_CUDA_COLUMNS_CUH
#define GD_KERNELS_CUDA_COLUMNS_CUH

#include "kernels/cuda/columns_pick.h"
#include "kernels/cuda/vec.cuh"

enum {
    GDK_COLUMNS_WARPS = GDK_COLUMNS_THREADS / 32,
    GDK_COLUMNS_MERGE = 1024 /* threads that add the chunks of 32 channels */
};

/* What the calling thread owns. */
struct gdk_column {
    int64_t first, end; /* pixels of all pictures; step by gdk_columns.rows */
    int     picture, chunk, lane;
    int     c;     /* first channel */
    bool    there; /* there are such channels */
};

static __device__ __forceinline__ gdk_column gdk_column_of(const gdk_columns &s) {
    gdk_column o;
    o.picture = (int)(blockIdx.x / (unsigned)s.chunks);
    o.chunk = (int)(blockIdx.x - (unsigned)(o.picture * s.chunks));
    o.lane = (int)threadIdx.x & (s.lanes - 1);
    o.c = ((int)blockIdx.y * s.lanes + o.lane) * s.V;
    o.there = o.c < s.C;
    const int64_t left = s.pixels - o.chunk * s.chunk, from = o.picture * s.pixels;
    o.first = from + o.chunk * s.chunk + threadIdx.x / (unsigned)s.lanes;
    o.end = from + o.chunk * s.chunk + (left < s.chunk ? left : s.chunk);
    return o;
}

/* V channels of a tensor from element i on; V 1 takes either type. */
template <int V>
static __device__ __forceinline__ void gdk_columns_load(const void *t, int64_t i, int wide,
                                                        float (&v)[V]) {
    if constexpr (V == 1)
        v[0] = gdk_element(t, i, wide);
    else
        gdk_run_get<V>(v, gdk_run_load<V>((const char *)t + (i << (V == 4 ? 2 : 1)), V == 4),
                       V == 4);
}

template <int V>
static __device__ __forceinline__ void gdk_columns_store(void *t, int64_t i, int wide,
                                                         const float (&v)[V]) {
    if constexpr (V == 1)
        gdk_element_set(t, i, v[0], wide);
    else
        gdk_run_store<V>((char *)t + (i << (V == 4 ? 2 : 1)), v, V == 4);
}

/* V values of a vector of floats, or `other` where there is no such vector or channel. */
template <int V>
static __device__ __forceinline__ void gdk_columns_vector(const float *p, const gdk_column &o,
                                                          float other, float (&v)[V]) {
#pragma unroll
    for (int i = 0; i < V; i++) v[i] = p && o.there ? p[o.c + i] : other;
}

/* The mean of some of `count` pixels from `first` on, for V channels from c on: squares are
 * summed about it, so that little is lost where the mean is large beside the spread. */
template <int V>
static __device__ __forceinline__ void gdk_columns_near(const void *t, int64_t pitch, int wide,
                                                        int64_t first, int64_t count, int c,
                                                        float (&about)[V]) {
    constexpr int SOME = 8;
    float         x[SOME][V];
#pragma unroll
    for (int k = 0; k < SOME; k++)
        gdk_columns_load<V>(t, (first + k * count / SOME) * pitch + c, wide, x[k]);
#pragma unroll
    for (int i = 0; i < V; i++) {
        about[i] = x[0][i];
#pragma unroll
        for (int k = 1; k < SOME; k++) about[i] += x[k][i];
        about[i] /= SOME;
    }
}

/* Adds what the threads of a block have summed up and leaves N sums a channel in `part`, whose
 * rows are [picture][chunk][N]; finish(c, sums) may change them before. All threads call it. */
template <int V, int N, class FINISH>
static __device__ __forceinline__ void gdk_columns_leave(const gdk_columns &s, float *part,
                                                         const gdk_column &o,
                                                         float (&sum)[N][V], FINISH finish) {
    __shared__ float all[GDK_COLUMNS_WARPS][N * V][32];
#pragma unroll
    for (int i = 0; i < N * V; i++) {
        float v = sum[i / V][i % V];
        for (int d = 16; d >= s.lanes; d /= 2) v += __shfl_xor_sync(0xffffffffu, v, d);
        all[threadIdx.x / 32][i][threadIdx.x % 32] = v;
    }
    __syncthreads();
    for (int k = (int)threadIdx.x; k < V * s.lanes; k += GDK_COLUMNS_THREADS) {
        const int lane = k / V, j = k % V, c = ((int)blockIdx.y * s.lanes + lane) * V + j;
        float     v[N];
        if (c >= s.C) continue;
#pragma unroll
        for (int i = 0; i < N; i++) {
            v[i] = all[0][i * V + j][lane];
#pragma unroll
            for (int w = 1; w < GDK_COLUMNS_WARPS; w++) v[i] += all[w][i * V + j][lane];
        }
        finish(c, v);
        float *out = part + ((int64_t)o.picture * s.chunks + o.chunk) * N * s.width + c;
#pragma unroll
        for (int i = 0; i < N; i++) out[(int64_t)i * s.width] = v[i];
    }
}

/* ---- the chunks -------------------------------------------------------------------------- */

/* Blocks of GDK_COLUMNS_MERGE threads: a lane owns a channel, the 32 warps share the chunks.
 * Grid: x the channels / 32, y the pictures. */
struct gdk_merge {
    int  c, picture, warp;
    bool there;
};

static __device__ __forceinline__ gdk_merge gdk_merge_of(const gdk_columns &s) {
    gdk_merge o;
    o.c = (int)(blockIdx.x * 32 + threadIdx.x % 32);
    o.picture = (int)blockIdx.y;
    o.warp = (int)threadIdx.x / 32;
    o.there = o.c < s.C;
    return o;
}

/* Sum i of chunk k, of N. */
static __device__ __forceinline__ float gdk_merge_part(const gdk_columns &s, const float *part,
                                                       const gdk_merge &o, int k, int i,
                                                       int N) {
    return part[(((int64_t)o.picture * s.chunks + k) * N + i) * s.width + o.c];
}

/* The sum of v over the warps of a block, for each lane, in every warp. */
static __device__ __forceinline__ float gdk_merge_across(float v) {
    __shared__ float all[GDK_COLUMNS_MERGE / 32][32];
    __syncthreads();
    all[threadIdx.x / 32][threadIdx.x % 32] = v;
    __syncthreads();
    v = all[0][threadIdx.x % 32];
#pragma unroll
    for (int w = 1; w < GDK_COLUMNS_MERGE / 32; w++) v += all[w][threadIdx.x % 32];
    return v;
}

/* All N sums over the chunks, in every warp. */
template <int N>
static __device__ __forceinline__ void gdk_merge_sums(const gdk_columns &s, const float *part,
                                                      const gdk_merge &o, float (&sum)[N]) {
#pragma unroll
    for (int i = 0; i < N; i++) sum[i] = 0.0f;
#pragma unroll 4
    for (int k = o.warp; o.there && k < s.chunks; k += GDK_COLUMNS_MERGE / 32)
#pragma unroll
        for (int i = 0; i < N; i++) sum[i] += gdk_merge_part(s, part, o, k, i, N);
#pragma unroll
    for (int i = 0; i < N; i++) sum[i] = gdk_merge_across(sum[i]);
}

#endif
