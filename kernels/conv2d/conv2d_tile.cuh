/* conv2d_tile.cuh -- what the tensor-core convolutions share: copies of operands, sums of
 * parts, the tail of a tile.
 *
 * Operands lie in shared memory as rows of 128 bytes, pixels under one or more filter taps,
 * then filters. Group j (16 bytes) of row i lies at j ^ (i % 8), so that neither copies nor
 * ldmatrix meet a bank twice; it is the order that wgmma calls a 128-byte swizzle. */
#ifndef GD_KERNELS_CONV2D_TILE_CUH
#define GD_KERNELS_CONV2D_TILE_CUH

#include "kernels/conv2d/conv2d_mma.h"
#include "kernels/cuda/cluster.cuh"
#include "kernels/cuda/epilogue.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/mma.cuh"

enum { STEPS = 4, GROUPS = 8 }; /* of 32 bytes, and of 16, in a row of 128 */

/* Where one thread's copies come from: a column of 16 bytes of N rows each of A and B. */
template <int ROWS, int AN, int BN> struct source {
    int32_t     base[AN]; /* group of the pixel under tap (0, 0) */
    uint32_t    mask[AN]; /* bit r: filter row r lies on the picture; bit 16 + s: column s */
    const char *w;
    uint32_t    w_mask;      /* bit i: row i is a filter */
    int32_t     at, c, r, s; /* group of the filter, and the same as tap and channel */

    __device__ __forceinline__ void start(const gdk_conv2d_mma &p, int m, int k, int block) {
        const int row = threadIdx.x / GROUPS;
        at = block * GROUPS + threadIdx.x % GROUPS;
        const int tap = gdk_fastdiv_quotient(at, &p.by_c);
        c = at - tap * p.C;
        r = tap / p.S;
        s = tap - r * p.S;
        w = (const char *)p.w + ((int64_t)(k + row) * p.depth + at) * 16;
        w_mask = 0;
#pragma unroll
        for (int i = 0; i < BN; i++)
            if (k + row + i * ROWS < p.K) w_mask |= 1u << i;
#pragma unroll
        for (int i = 0; i < AN; i++) pixel(p, m + row + i * ROWS, base[i], mask[i]);
    }

    static __device__ __forceinline__ void pixel(const gdk_conv2d_mma &p, int m, int32_t &base,
                                                 uint32_t &mask) {
        base = m * p.pitch;
        mask = m < p.M ? 0x00010001u : 0;
        if (p.plain || m >= p.M) return;
        const int n = gdk_fastdiv_quotient(m, &p.by_pq), in_plane = m - n * (int)p.by_pq.d;
        const int y = gdk_fastdiv_quotient(in_plane, &p.by_q);
        const int h = y * p.stride[0] - p.pad[0];
        const int v = (in_plane - y * (int)p.by_q.d) * p.stride[1] - p.pad[1];
        base = ((n * p.H + h) * p.W + v) * p.pitch;
        mask = 0;
        for (int i = 0; i < p.R; i++)
            if ((unsigned)(h + i * p.dilation[0]) < (unsigned)p.H) mask |= 1u << i;
        for (int i = 0; i < p.S; i++)
            if ((unsigned)(v + i * p.dilation[1]) < (unsigned)p.W) mask |= 0x10000u << i;
    }

    __device__ __forceinline__ void copy_a(const gdk_conv2d_mma &p, uint32_t smem) const {
        const uint32_t need = at < p.depth ? 1u << r | 0x10000u << s : ~0u;
        const int32_t  tap = (r * p.dilation[0] * p.W + s * p.dilation[1]) * p.pitch + c;
#pragma unroll
        for (int i = 0; i < AN; i++)
            gdk_copy16(smem + i * ROWS * GD_CONV2D_ROW_BYTES,
                       (const char *)p.x + (int64_t)(base[i] + tap) * 16,
                       (mask[i] & need) == need);
    }

    __device__ __forceinline__ void copy_b(const gdk_conv2d_mma &p, uint32_t smem) const {
        const uint32_t valid = at < p.depth ? w_mask : 0;
        const char    *from = w;
#pragma unroll
        for (int i = 0; i < BN; i++, from += (int64_t)ROWS * 16 * p.depth)
            gdk_copy16(smem + i * ROWS * GD_CONV2D_ROW_BYTES, from, valid >> i & 1);
    }

    __device__ __forceinline__ void next(const gdk_conv2d_mma &p) {
        at += GROUPS;
        w += GROUPS * 16;
        c += GROUPS;
        while (c >= p.C) {
            c -= p.C;
            if (++s == p.S) {
                s = 0;
                r++;
            }
        }
    }
};

/* What a block reads of constants first, while the kernel before still runs: the bias, and the
 * first blocks of its BN rows of filters. */
template <int THREADS, int BN>
static __device__ __forceinline__ void prefetch_filters(const gdk_conv2d_mma &p, int k,
                                                        int begin, int end) {
    constexpr int MOST = 8;
    const int     groups = min(min(end, begin + MOST) * GROUPS, p.depth) - begin * GROUPS;
    if (!p.fixed) return;
    for (int row = k + threadIdx.x; row < k + BN && row < p.K; row += THREADS)
        gdk_prefetch((const char *)p.w + ((int64_t)row * p.depth + begin * GROUPS) * 16,
                     groups * 16);
    if (threadIdx.x == 0 && p.e.bias && p.e.vec && p.K - k >= 4)
        gdk_prefetch(p.e.bias + k, min(BN, p.K - k) / 4 * 16);
}

/* Adds up the parts of a split reduction in their order. False: another block does it. */
template <int THREADS, int MI, int NJ>
static __device__ __forceinline__ bool gather(const gdk_conv2d_mma &p, int tile, int part,
                                              float (&acc)[MI][NJ][4]) {
    __shared__ int last;
    constexpr int  ONE = THREADS * MI * NJ, AHEAD = MI * NJ < 8 ? MI * NJ : 8; /* float4s */
    float4        *to = (float4 *)p.partial + (int64_t)(tile * p.split + part) * ONE;
    const float4  *from = (const float4 *)p.partial + (int64_t)tile * p.split * ONE;
#pragma unroll
    for (int i = 0; i < MI * NJ; i++) {
        const float *v = acc[i / NJ][i % NJ];
        to[i * THREADS + threadIdx.x] = make_float4(v[0], v[1], v[2], v[3]);
    }
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) last = atomicAdd(&p.ticket[tile], 1) == p.split - 1;
    __syncthreads();
    if (!last) return false;
    __threadfence();
    if (threadIdx.x == 0) p.ticket[tile] = 0;
#pragma unroll
    for (int i0 = 0; i0 < MI * NJ; i0 += AHEAD)
#pragma unroll 1
        for (int k = 0; k < p.split; k++) {
            float4 v[AHEAD];
#pragma unroll
            for (int i = 0; i < AHEAD; i++)
                v[i] = __ldcg(&from[(int64_t)k * ONE + (i0 + i) * THREADS + threadIdx.x]);
#pragma unroll
            for (int i = 0; i < AHEAD; i++) {
                float *sum = acc[(i0 + i) / NJ][(i0 + i) % NJ];
                sum[0] = k ? sum[0] + v[i].x : v[i].x;
                sum[1] = k ? sum[1] + v[i].y : v[i].y;
                sum[2] = k ? sum[2] + v[i].z : v[i].z;
                sum[3] = k ? sum[3] + v[i].w : v[i].w;
            }
        }
    return true;
}

/* Columns of a strip, and its floats: a warp's tail goes through a strip of shared memory of
 * HALF blocks of 16 pixels. */
template <int MI, int NJ> struct strip_of {
    static constexpr int HALF = MI < 2 ? 1 : 2, COLS = NJ * 8 < 128 ? NJ * 8 : 128;
    static constexpr int PITCH = COLS + 8, FLOATS = HALF * 16 * PITCH;
};

/* A run of V from the strip. Half of the lanes begin with the upper four: no bank twice. */
template <int V>
static __device__ __forceinline__ void strip_run(const float *from, int lane, float (&v)[V]) {
    const float4 *at = (const float4 *)from;
    if constexpr (V == 8) {
        const int    flip = lane >> 2 & 1;
        const float4 a = at[flip], b = at[flip ^ 1];
        const float4 lo = flip ? b : a, hi = flip ? a : b;
        v[0] = lo.x, v[1] = lo.y, v[2] = lo.z, v[3] = lo.w;
        v[4] = hi.x, v[5] = hi.y, v[6] = hi.z, v[7] = hi.w;
    } else {
        const float4 a = at[0];
        v[0] = a.x, v[1] = a.y, v[2] = a.z, v[3] = a.w;
    }
}

/* Adds up the parts of a split reduction where they are: the blocks of a tile are a cluster,
 * each puts its sums into its shared memory and finishes a share of the rows, reading the same
 * rows of all others in their order. */
template <int V, int THREADS, int BM, int BN, int MI, int NJ>
static __device__ __forceinline__ void meet(const gdk_conv2d_mma &p, float *sums, int part,
                                            int m, int k, int wm, int wn,
                                            float (&acc)[MI][NJ][4]) {
#if __CUDA_ARCH__ >= 900
    constexpr int PITCH = BN + 8, LANES = BN / V, ROWS = THREADS / LANES, MOST = 8;
    const int     lane = threadIdx.x % 32, col = threadIdx.x % LANES * V;
#pragma unroll
    for (int i = 0; i < MI * NJ; i++) {
        const float *v = acc[i / NJ][i % NJ];
        float       *to =
            sums + (wm + i / NJ * 16 + lane / 4) * PITCH + wn + i % NJ * 8 + lane % 4 * 2;
        *(float2 *)to = make_float2(v[0], v[1]);
        *(float2 *)(to + 8 * PITCH) = make_float2(v[2], v[3]);
    }
    /* What is added to the first row comes while the cluster meets. */
    const int  end = min(BM * (part + 1) / p.split, p.M - m);
    const bool whole = gdk_epilogue_whole<V>(p.e, k + col, p.K);
    int        row = BM * part / p.split + threadIdx.x / LANES;
    gdk_run<V> first = {};
    if (whole && row < end) first = gdk_epilogue_fetch<V>(p.e, m + row, k + col);
    gdk_cluster_sync();
    if (k + col < p.K)
#pragma unroll 1
        for (; row < end; row += ROWS) {
            const uint32_t at = gdk_smem_address(sums + row * PITCH + col);
            float          v[V];
            if (whole)
                gdk_epilogue_bias<V>(p.e, k + col, v);
            else
#pragma unroll
                for (int i = 0; i < V; i++) v[i] = 0.0f;
#pragma unroll
            for (int i = 0; i < V / 4; i++) {
                float4 f[MOST];
#pragma unroll
                for (int rank = 0; rank < MOST; rank++)
                    if (rank < p.split) f[rank] = gdk_cluster_load(at + 16 * i, rank);
#pragma unroll
                for (int rank = 0; rank < MOST; rank++)
                    if (rank < p.split) {
                        v[4 * i] += f[rank].x, v[4 * i + 1] += f[rank].y;
                        v[4 * i + 2] += f[rank].z, v[4 * i + 3] += f[rank].w;
                    }
            }
            if (!whole) {
                gdk_epilogue_run<V>(p.e, v, m + row, k + col, p.K);
                continue;
            }
            gdk_epilogue_store<V>(p.e, v, first, m + row, k + col);
            if (row + ROWS < end) first = gdk_epilogue_fetch<V>(p.e, m + row + ROWS, k + col);
        }
    gdk_cluster_sync(); /* shared memory outlives those who read it */
#endif
}

/* Rows of a strip to memory: columns k .. of pixels m .. */
template <int V, int ROWS_IN, int COLS, int PITCH>
static __device__ __forceinline__ void store_strip(const gdk_conv2d_mma &p, const float *strip,
                                                   int m, int k) {
    constexpr int LANES = COLS / V, ROWS = 32 / LANES;
    constexpr int UNROLL = ROWS_IN / ROWS < 4 ? ROWS_IN / ROWS : 4;
    const int     lane = threadIdx.x % 32, at_col = lane % LANES * V, col = k + at_col;
    const int     rows = min(ROWS_IN, p.M - m), cols = min(COLS, p.K - k);
    const int     whole = p.e.vec ? cols / V * V : 0; /* columns that are stored in runs */
    float         bias[V] = {};
    if (at_col < whole) {
        gdk_epilogue_bias<V>(p.e, col, bias);
#pragma unroll 1
        for (int row = lane / LANES; row < rows; row += ROWS * UNROLL) {
            gdk_run<V> first[UNROLL];
#pragma unroll
            for (int u = 0; u < UNROLL; u++)
                if (row + u * ROWS < rows)
                    first[u] = gdk_epilogue_fetch<V>(p.e, m + row + u * ROWS, col);
#pragma unroll
            for (int u = 0; u < UNROLL; u++) {
                const int at = row + u * ROWS;
                float     v[V];
                if (at >= rows) continue;
                strip_run<V>(strip + at * PITCH + at_col, lane, v);
#pragma unroll
                for (int i = 0; i < V; i++) v[i] += bias[i];
                gdk_epilogue_store<V>(p.e, v, first[u], m + at, col);
            }
        }
    }
    /* The rest one by one, neighbours side by side: all of a narrow output is adjacent. */
    const int rest = cols - whole;
#pragma unroll 1
    for (int i = lane; i < rows * rest; i += 32) {
        const int row = i / rest, c = whole + i - row * rest;
        gdk_epilogue_one(p.e, strip[row * PITCH + c], m + row, k + c);
    }
}

/* A warp's outputs, through its own strip so that rows are stored whole: MI blocks of 16 pixels
 * from m on, NJ of 8 filters from k on. V elements make 16 bytes of the row's usual output. */
template <int V, int MI, int NJ>
static __device__ __forceinline__ void finish(const gdk_conv2d_mma &p, float *strip, int m,
                                              int k, float (&acc)[MI][NJ][4]) {
    typedef strip_of<MI, NJ> S;
    constexpr int            ACROSS = S::COLS / 8;
    const int                lane = threadIdx.x % 32;
#pragma unroll
    for (int pass = 0; pass < MI / S::HALF * (NJ / ACROSS); pass++) {
        const int i0 = pass / (NJ / ACROSS) * S::HALF, j0 = pass % (NJ / ACROSS) * ACROSS;
        __syncwarp();
#pragma unroll
        for (int i = 0; i < S::HALF * ACROSS; i++) {
            const float *v = acc[i0 + i / ACROSS][j0 + i % ACROSS];
            float       *to =
                strip + (i / ACROSS * 16 + lane / 4) * S::PITCH + i % ACROSS * 8 + lane % 4 * 2;
            *(float2 *)to = make_float2(v[0], v[1]);
            *(float2 *)(to + 8 * S::PITCH) = make_float2(v[2], v[3]);
        }
        __syncwarp();
        if (k + j0 * 8 < p.K)
            store_strip<V, S::HALF * 16, S::COLS, S::PITCH>(p, strip, m + i0 * 16, k + j0 * 8);
    }
}

#endif
