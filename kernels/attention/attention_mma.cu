/* attention_mma.cu -- attention on tensor cores with a running softmax: halves, FP32 sums.
 *
 * Bound by latency, and by the exponentials and the tensor cores where there are thousands of
 * queries. A block is four warps. Either each owns 16 queries of one head and all of them walk
 * over the keys, 64 at a time; or all own the same 16 queries, each takes 16 keys of every 64,
 * and their sums are joined at the end. From sm_90 on the keys may also be dealt out to a
 * cluster of blocks, which join their sums in each other's shared memory. Keys and values come
 * through a ring of stages in shared memory. A lane holds, of its warp's 16 queries, parts of
 * rows g and g + 8: scores, largest score, sum of weights and outputs stay in registers;
 * weights go from the first product's accumulators into the second's operand as they are. */
#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_tile.h"
#include "kernels/cuda/cluster.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/mma.cuh"

enum {
    WARPS = GDK_ATTENTION_WARPS,
    THREADS = 32 * WARPS,
    ROWS = GDK_ATTENTION_ROWS,
    KEYS = GDK_ATTENTION_KEYS
};

template <int D> struct stage {
    alignas(16) __half k[KEYS * (D + GDK_ATTENTION_PAD)];
    alignas(16) __half v[KEYS * (D + GDK_ATTENTION_PAD)];
    float on[KEYS]; /* 0 for keys that take no part */
};

/* Stages of the ring: with clusters most blocks see four tiles of keys or fewer. */
#if __CUDA_ARCH__ >= 900
template <int D> static constexpr int STAGES = D == 32 ? 4 : 2;
#else
template <int D> static constexpr int STAGES = 2;
#endif

/* What the warps of a block that divide the keys have found. */
template <int D> struct joint {
    float  y[WARPS][ROWS][D];
    float4 head[WARPS][ROWS]; /* largest score, sum of weights */
};

/* What a block has found, for the others of its cluster. */
template <int D, bool DIVIDE> struct total {
    static constexpr int QUERIES = DIVIDE ? ROWS : WARPS * ROWS;
    float                y[QUERIES][D];
    float4               head[QUERIES];
};

template <int D, bool DIVIDE> union shared {
    stage<D> s[STAGES<D>];
    struct {
        joint<D>         j;
        total<D, DIVIDE> t;
    } end;
};

/* A warp's share of the result. */
template <int D> struct share {
    float y[D / 8][4];
    float top[2], sum[2]; /* of rows g and g + 8; sum: of this lane's columns */
};

template <int D>
static __device__ __forceinline__ void load_stage(stage<D> &s, const gdk_attention_args &a,
                                                  int b, int h, int first) {
    constexpr int RUNS = D / 8;
    for (int i = (int)threadIdx.x; i < KEYS * RUNS; i += THREADS) {
        const int     row = i / RUNS, c = i % RUNS * 8, j = first + row;
        const bool    valid = j < a.keys;
        const int64_t at = (int64_t)b * a.keys + (valid ? j : 0);
        const int     to = row * (D + GDK_ATTENTION_PAD) + c;
        gdk_copy16(gdk_smem_address(s.k + to), (const __half *)a.k + at * a.k_pitch + h * D + c,
                   valid);
        gdk_copy16(gdk_smem_address(s.v + to), (const __half *)a.v + at * a.v_pitch + h * D + c,
                   valid);
    }
    if (threadIdx.x < KEYS) {
        const int j = first + (int)threadIdx.x;
        if (a.mask)
            gdk_copy4(gdk_smem_address(s.on + threadIdx.x),
                      a.mask + b * a.mask_pitch + (j < a.keys ? j : 0), j < a.keys);
        else
            s.on[threadIdx.x] = j < a.keys ? 1.0f : 0.0f;
    }
    gdk_copy_commit();
}

/* The queries of a warp as operands A, zeros beyond the last. */
template <int D>
static __device__ __forceinline__ void load_queries(uint32_t (&q)[D / 16][4],
                                                    const gdk_attention_args &a, int b, int h,
                                                    int first, int lane) {
#pragma unroll
    for (int k = 0; k < D / 16; k++)
#pragma unroll
        for (int r = 0; r < 4; r++) {
            const int i = first + gdk_attention_row(lane, r % 2 * 2);
            const int c = h * D + k * 16 + gdk_attention_a_column(lane, r);
            q[k][r] = 0;
            if (i < a.queries)
                q[k][r] = *(const uint32_t *)((const __half *)a.q +
                                              ((int64_t)b * a.queries + i) * a.q_pitch + c);
        }
}

/* 2^x; what would be denormal is 0. */
static __device__ __forceinline__ float power(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

/* Takes N keys of the stage, from octet `octet` on, into the warp's share. `factor` turns
 * products into exponents of 2. */
template <int D, int N>
static __device__ __forceinline__ void attend(share<D> &m, const stage<D>        &s,
                                              const uint32_t (&q)[D / 16][4], int octet,
                                              float factor, int lane) {
    float    x[N / 8][4];
    uint32_t f[4];
#pragma unroll
    for (int n = 0; n < N / 8; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) x[n][i] = 0.0f;
#pragma unroll
        for (int p = 0; p < D / 32; p++) {
            gdk_ldmatrix4(f,
                          gdk_smem_address(s.k + gdk_attention_key_at(lane, octet + n, p, D)));
            gdk_mma_f16(x[n], q[2 * p], f[0], f[1]);
            gdk_mma_f16(x[n], q[2 * p + 1], f[2], f[3]);
        }
        const float2 on = *(const float2 *)&s.on[(octet + n) * 8 + lane % 4 * 2];
#pragma unroll
        for (int i = 0; i < 4; i++)
            x[n][i] = (i % 2 ? on.y : on.x) != 0.0f ? x[n][i] * factor : -INFINITY;
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        float top = m.top[r];
#pragma unroll
        for (int n = 0; n < N / 8; n++) top = fmaxf(top, fmaxf(x[n][2 * r], x[n][2 * r + 1]));
        top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, 1));
        top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, 2));
        /* No key has taken part yet: any number but an infinity will do. */
        const float from = top == -INFINITY ? 0.0f : top, shrink = power(m.top[r] - from);
        m.top[r] = top;
        m.sum[r] *= shrink;
#pragma unroll
        for (int c = 0; c < D / 8; c++) {
            m.y[c][2 * r] *= shrink;
            m.y[c][2 * r + 1] *= shrink;
        }
#pragma unroll
        for (int n = 0; n < N / 8; n++) {
            x[n][2 * r] = power(x[n][2 * r] - from);
            x[n][2 * r + 1] = power(x[n][2 * r + 1] - from);
            m.sum[r] += x[n][2 * r] + x[n][2 * r + 1];
        }
    }
#pragma unroll
    for (int k = 0; k < N / 16; k++) {
        const uint32_t w[4] = {gdk_float_half2(x[2 * k][0], x[2 * k][1]),
                               gdk_float_half2(x[2 * k][2], x[2 * k][3]),
                               gdk_float_half2(x[2 * k + 1][0], x[2 * k + 1][1]),
                               gdk_float_half2(x[2 * k + 1][2], x[2 * k + 1][3])};
#pragma unroll
        for (int p = 0; p < D / 16; p++) {
            gdk_ldmatrix4_trans(
                f, gdk_smem_address(s.v + gdk_attention_value_at(lane, octet / 2 + k, p, D)));
            gdk_mma_f16(m.y[2 * p], w, f[0], f[1]);
            gdk_mma_f16(m.y[2 * p + 1], w, f[2], f[3]);
        }
    }
}

/* Halves c .. c + 3 of query i. */
static __device__ __forceinline__ void store4(const gdk_attention_args &a, int b, int i, int c,
                                              const float (&v)[4], float by) {
    if (i < a.queries)
        *(uint2 *)((__half *)a.out + ((int64_t)b * a.queries + i) * a.out_pitch + c) =
            make_uint2(gdk_float_half2(v[0] * by, v[1] * by),
                       gdk_float_half2(v[2] * by, v[3] * by));
}

/* Adds up shares, given as what load(k) and head(k) bring, in their order: four channels
 * of one query, relative to the largest score of all. Returns that score and the sum of
 * weights. */
template <int MOST, class LOAD, class HEAD>
static __device__ __forceinline__ float2 add_shares(int n, LOAD load, HEAD head,
                                                    float (&v)[4]) {
    float4 h[MOST], y[MOST];
    float  top = -INFINITY, sum = 0.0f;
#pragma unroll
    for (int k = 0; k < MOST; k++)
        if (k < n) {
            h[k] = head(k);
            y[k] = load(k);
        }
#pragma unroll
    for (int k = 0; k < MOST; k++)
        if (k < n) top = fmaxf(top, h[k].x);
    const float from = top == -INFINITY ? 0.0f : top;
    v[0] = v[1] = v[2] = v[3] = 0.0f;
#pragma unroll
    for (int k = 0; k < MOST; k++)
        if (k < n) {
            const float by = power(h[k].x - from);
            sum += h[k].y * by;
            v[0] += y[k].x * by, v[1] += y[k].y * by;
            v[2] += y[k].z * by, v[3] += y[k].w * by;
        }
    return make_float2(top, sum);
}

/* A warp's share to where the block keeps it: y is [ROWS][D]. */
template <int D>
static __device__ __forceinline__ void put(const share<D> &m, float (*y)[D], float4 *head,
                                           int lane) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
        const int row = gdk_attention_row(lane, 2 * r);
        if (lane % 4 == 0) head[row] = make_float4(m.top[r], m.sum[r], 0.0f, 0.0f);
#pragma unroll
        for (int c = 0; c < D / 8; c++)
            *(float2 *)&y[row][c * 8 + gdk_attention_column(lane, 0)] =
                make_float2(m.y[c][2 * r], m.y[c][2 * r + 1]);
    }
}

/* Joins the shares of the block's warps where these divided the keys, then those of the
 * cluster's blocks, and writes the result. */
template <int D, bool DIVIDE>
static __device__ __forceinline__ void finish(shared<D, DIVIDE> &memory, const share<D> &m,
                                              const gdk_attention_args &a, int b, int h,
                                              int first, int part, int warp, int lane) {
    typedef total<D, DIVIDE> mine;
    joint<D>                &j = memory.end.j;
    mine                    &t = memory.end.t;
    constexpr int            QUADS = mine::QUERIES * D / 4;
    if constexpr (DIVIDE) {
        put<D>(m, j.y[warp], j.head[warp], lane);
        __syncthreads();
        for (int i = (int)threadIdx.x; i < QUADS; i += THREADS) {
            const int    row = i / (D / 4), c = i % (D / 4) * 4;
            float        v[4];
            const float2 f = add_shares<WARPS>(
                WARPS, [&](int k) { return *(const float4 *)&j.y[k][row][c]; },
                [&](int k) { return j.head[k][row]; }, v);
            if (a.split == 1) {
                store4(a, b, first + row, h * D + c, v, f.y > 0.0f ? 1.0f / f.y : 0.0f);
            } else {
                *(float4 *)&t.y[row][c] = make_float4(v[0], v[1], v[2], v[3]);
                if (c == 0) t.head[row] = make_float4(f.x, f.y, 0.0f, 0.0f);
            }
        }
        if (a.split == 1) return;
    } else {
        put<D>(m, t.y + warp * ROWS, t.head + warp * ROWS, lane);
        if (a.split == 1) __syncthreads();
    }
#if __CUDA_ARCH__ >= 900
    if (a.split > 1) gdk_cluster_sync();
#endif
    for (int i = part * THREADS + (int)threadIdx.x; i < QUADS; i += a.split * THREADS) {
        const int row = i / (D / 4), c = i % (D / 4) * 4;
        float     v[4];
        float2    f;
#if __CUDA_ARCH__ >= 900
        if (a.split > 1) {
            const uint32_t y = gdk_smem_address(&t.y[row][c]),
                           head = gdk_smem_address(&t.head[row]);
            f = add_shares<GDK_ATTENTION_MAX_SPLIT>(
                a.split, [&](int k) { return gdk_cluster_load(y, k); },
                [&](int k) { return gdk_cluster_load(head, k); }, v);
        } else
#endif
        {
            const float4 y = *(const float4 *)&t.y[row][c], head = t.head[row];
            v[0] = y.x, v[1] = y.y, v[2] = y.z, v[3] = y.w;
            f = make_float2(head.x, head.y);
        }
        store4(a, b, first + row, h * D + c, v, f.y > 0.0f ? 1.0f / f.y : 0.0f);
    }
#if __CUDA_ARCH__ >= 900
    if (a.split > 1) gdk_cluster_sync(); /* shared memory outlives those who read it */
#endif
}

template <int D, bool DIVIDE>
static __global__ void __launch_bounds__(THREADS)
    attention_kernel(const __grid_constant__ gdk_attention_args a) {
    __shared__ shared<D, DIVIDE> memory;
    constexpr int                N = STAGES<D>;
    const int                    warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    const int                    b = (int)blockIdx.y / a.heads, h = (int)blockIdx.y % a.heads;
    const int   block = (int)blockIdx.x / a.split, part = (int)blockIdx.x % a.split;
    const int   first = block * total<D, DIVIDE>::QUERIES;
    const int   mine = DIVIDE ? first : first + warp * ROWS;
    const float factor = a.scale * 1.44269504088896341f;
    const int   begin = part * a.part;
    const int   end = min(begin + a.part, (a.keys + KEYS - 1) / KEYS);
    uint32_t    q[D / 16][4];
    share<D>    m;
#pragma unroll
    for (int c = 0; c < D / 8; c++)
#pragma unroll
        for (int i = 0; i < 4; i++) m.y[c][i] = 0.0f;
    m.top[0] = m.top[1] = -INFINITY;
    m.sum[0] = m.sum[1] = 0.0f;
    gdk_grid_follow();
    for (int i = 0; i < N - 1; i++)
        if (begin + i < end)
            load_stage<D>(memory.s[i], a, b, h, (begin + i) * KEYS);
        else
            gdk_copy_commit();
    load_queries<D>(q, a, b, h, mine, lane);
    for (int i = begin; i < end; i++) {
        const stage<D> &s = memory.s[(i - begin) % N];
        gdk_copy_wait<N - 2>();
        __syncthreads(); /* the stage has come, and the one before it is free */
        if (i + N - 1 < end)
            load_stage<D>(memory.s[(i - begin + N - 1) % N], a, b, h, (i + N - 1) * KEYS);
        else
            gdk_copy_commit();
        if constexpr (DIVIDE)
            attend<D, KEYS / WARPS>(m, s, q, warp * (KEYS / WARPS / 8), factor, lane);
        else
            attend<D, KEYS>(m, s, q, 0, factor, lane);
    }
    __syncthreads();
#pragma unroll
    for (int r = 0; r < 2; r++) {
        m.sum[r] += __shfl_xor_sync(0xffffffffu, m.sum[r], 1);
        m.sum[r] += __shfl_xor_sync(0xffffffffu, m.sum[r], 2);
    }
    finish<D, DIVIDE>(memory, m, a, b, h, first, part, warp, lane);
}

template <int D, bool DIVIDE>
static cudaError_t launch(const gdk_attention_args &a, cudaStream_t stream) {
    const int  each = total<D, DIVIDE>::QUERIES;
    const dim3 grid((unsigned)((a.queries + each - 1) / each * a.split), (unsigned)a.groups);
    return gdk_launch(attention_kernel<D, DIVIDE>, grid, THREADS, 0, stream, a.early, a.split,
                      a);
}

extern "C" cudaError_t gdk_attention_mma_launch(const gdk_attention_args *a,
                                                cudaStream_t              stream) {
    if (!a->groups || !a->queries) return cudaSuccess;
    if (a->d == 32)
        return a->divide ? launch<32, true>(*a, stream) : launch<32, false>(*a, stream);
    return a->divide ? launch<64, true>(*a, stream) : launch<64, false>(*a, stream);
}
