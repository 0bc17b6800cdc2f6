/* attention_mma.cu -- attention on tensor cores with a running softmax: halves, FP32 sums.
 *
 * Bound by the exponentials and the tensor cores once there are a few hundred keys; by latency
 * below. A block is four warps. Either each owns 16 queries of one head and all of them walk
 * over the keys, 64 at a time; or all own the same 16 queries, each takes 16 keys of every 64,
 * and their sums are joined at the end. Keys and values come through two stages of shared
 * memory. A lane holds, of its warp's 16 queries, parts of rows g and g + 8: scores, largest
 * score, sum of weights and outputs stay in registers; weights go from the first product's
 * accumulators into the second's operand as they are. */
#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_tile.h"
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
    float bias[KEYS]; /* 0, or -infinity for keys that take no part */
};

/* What the warps of a block that divide the keys have found, one after the other. */
template <int D> struct joint {
    float y[WARPS][ROWS][D];
    float top[WARPS][ROWS], sum[WARPS][ROWS];
};

template <int D> union shared {
    stage<D> s[2];
    joint<D> j;
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
        const int  j = first + (int)threadIdx.x;
        const bool on = j < a.keys && (!a.mask || a.mask[b * a.mask_pitch + j] != 0.0f);
        s.bias[threadIdx.x] = on ? 0.0f : -INFINITY;
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
        const float2 bias = *(const float2 *)&s.bias[(octet + n) * 8 + lane % 4 * 2];
#pragma unroll
        for (int i = 0; i < 4; i++) x[n][i] = x[n][i] * factor + (i % 2 ? bias.y : bias.x);
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        float top = m.top[r];
#pragma unroll
        for (int n = 0; n < N / 8; n++) top = fmaxf(top, fmaxf(x[n][2 * r], x[n][2 * r + 1]));
        top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, 1));
        top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, 2));
        /* No key has taken part yet: any number but an infinity will do. */
        const float from = top == -INFINITY ? 0.0f : top, shrink = exp2f(m.top[r] - from);
        m.top[r] = top;
        m.sum[r] *= shrink;
#pragma unroll
        for (int c = 0; c < D / 8; c++) {
            m.y[c][2 * r] *= shrink;
            m.y[c][2 * r + 1] *= shrink;
        }
#pragma unroll
        for (int n = 0; n < N / 8; n++) {
            x[n][2 * r] = exp2f(x[n][2 * r] - from);
            x[n][2 * r + 1] = exp2f(x[n][2 * r + 1] - from);
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

static __device__ __forceinline__ void store2(const gdk_attention_args &a, int b, int i, int c,
                                              float lo, float hi) {
    if (i < a.queries)
        *(uint32_t *)((__half *)a.out + ((int64_t)b * a.queries + i) * a.out_pitch + c) =
            gdk_float_half2(lo, hi);
}

/* Writes the share of a warp that saw all keys. */
template <int D>
static __device__ __forceinline__ void finish(const share<D> &m, const gdk_attention_args &a,
                                              int b, int h, int first, int lane) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
        const float by = m.sum[r] > 0.0f ? 1.0f / m.sum[r] : 0.0f;
#pragma unroll
        for (int c = 0; c < D / 8; c++)
            store2(a, b, first + gdk_attention_row(lane, 2 * r),
                   h * D + c * 8 + gdk_attention_column(lane, 0), m.y[c][2 * r] * by,
                   m.y[c][2 * r + 1] * by);
    }
}

/* Joins the shares of the block's warps, in their order, and writes the result. */
template <int D>
static __device__ __forceinline__ void join(joint<D> &j, const share<D> &m,
                                            const gdk_attention_args &a, int b, int h,
                                            int first, int warp, int lane) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
        const int row = gdk_attention_row(lane, 2 * r);
        if (lane % 4 == 0) {
            j.top[warp][row] = m.top[r];
            j.sum[warp][row] = m.sum[r];
        }
#pragma unroll
        for (int c = 0; c < D / 8; c++)
            *(float2 *)&j.y[warp][row][c * 8 + gdk_attention_column(lane, 0)] =
                make_float2(m.y[c][2 * r], m.y[c][2 * r + 1]);
    }
    __syncthreads();
    for (int i = (int)threadIdx.x; i < ROWS * D / 2; i += THREADS) {
        const int row = i / (D / 2), c = i % (D / 2) * 2;
        float     top = j.top[0][row], sum = 0.0f, lo = 0.0f, hi = 0.0f;
        for (int w = 1; w < WARPS; w++) top = fmaxf(top, j.top[w][row]);
        if (top == -INFINITY) top = 0.0f;
        for (int w = 0; w < WARPS; w++) {
            const float by = exp2f(j.top[w][row] - top);
            sum += j.sum[w][row] * by;
            lo += j.y[w][row][c] * by;
            hi += j.y[w][row][c + 1] * by;
        }
        const float by = sum > 0.0f ? 1.0f / sum : 0.0f;
        store2(a, b, first + row, h * D + c, lo * by, hi * by);
    }
}

template <int D, bool DIVIDE>
static __global__ void __launch_bounds__(THREADS)
    attention_kernel(const __grid_constant__ gdk_attention_args a) {
    __shared__ shared<D> memory;
    const int            warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    const int            b = (int)blockIdx.y / a.heads, h = (int)blockIdx.y % a.heads;
    const int first = DIVIDE ? (int)blockIdx.x * ROWS : ((int)blockIdx.x * WARPS + warp) * ROWS;
    const float factor = a.scale * 1.44269504088896341f;
    const int   tiles = (a.keys + KEYS - 1) / KEYS;
    uint32_t    q[D / 16][4];
    share<D>    m;
#pragma unroll
    for (int c = 0; c < D / 8; c++)
#pragma unroll
        for (int i = 0; i < 4; i++) m.y[c][i] = 0.0f;
    m.top[0] = m.top[1] = -INFINITY;
    m.sum[0] = m.sum[1] = 0.0f;
    load_stage<D>(memory.s[0], a, b, h, 0);
    load_queries<D>(q, a, b, h, first, lane);
    for (int i = 0; i < tiles; i++) {
        if (i + 1 < tiles) {
            load_stage<D>(memory.s[(i + 1) % 2], a, b, h, (i + 1) * KEYS);
            gdk_copy_wait<1>();
        } else {
            gdk_copy_wait<0>();
        }
        __syncthreads();
        if constexpr (DIVIDE)
            attend<D, KEYS / WARPS>(m, memory.s[i % 2], q, warp * (KEYS / WARPS / 8), factor,
                                    lane);
        else
            attend<D, KEYS>(m, memory.s[i % 2], q, 0, factor, lane);
        __syncthreads();
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        m.sum[r] += __shfl_xor_sync(0xffffffffu, m.sum[r], 1);
        m.sum[r] += __shfl_xor_sync(0xffffffffu, m.sum[r], 2);
    }
    if constexpr (DIVIDE)
        join<D>(memory.j, m, a, b, h, first, warp, lane);
    else
        finish<D>(m, a, b, h, first, lane);
}

template <int D>
static void launch(const gdk_attention_args &a, bool divide, cudaStream_t stream) {
    const int  each = divide ? ROWS : ROWS * WARPS;
    const dim3 grid((unsigned)((a.queries + each - 1) / each), (unsigned)a.groups);
    if (divide)
        attention_kernel<D, true><<<grid, THREADS, 0, stream>>>(a);
    else
        attention_kernel<D, false><<<grid, THREADS, 0, stream>>>(a);
}

extern "C" cudaError_t gdk_attention_mma_launch(const gdk_attention_args *a, bool divide,
                                                cudaStream_t stream) {
    if (!a->groups || !a->queries) return cudaSuccess;
    if (a->d == 32)
        launch<32>(*a, divide, stream);
    else
        launch<64>(*a, divide, stream);
    return cudaPeekAtLastError();
}
