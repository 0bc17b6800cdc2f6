/* attention_bwd_simt.cu -- the gradient of attention, weights computed again. Bound by FP32
 * arithmetic: 14 d multiply-adds a query and key (DETR's encoder, 16 pictures: 41 G, 1.4 ms at
 * half of 60 TFLOP/s).
 *
 * query_kernel  a warp owns a query; twice over tiles of 32 keys in shared memory, a lane a
 *               key: first the largest score, the sum of weights and of w e (e = dy . v), then
 *               d(q), for which the lanes take channels instead
 * key_kernel    a warp owns a key; over tiles of 32 queries, a lane a query, for d(k) and d(v)
 *
 * d(s_j) = w_j (e_j - sum w e). All in FP32, sums in one order, no atomics. */
#include "kernels/attention/attention_bwd_cuda.h"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/vec.cuh"

enum {
    THREADS = 256,
    WARPS = THREADS / 32,
    TILE = 32,
    MOST = GDK_ATTENTION_BWD_MOST,
    EACH = MOST / 32 /* channels of a lane */
};

/* Rows of one head of one picture. */
struct head {
    int b, c;
};

static __device__ __forceinline__ head head_of(const gdk_attention_bwd_args &a) {
    const int b = (int)blockIdx.y / a.heads;
    return {b, ((int)blockIdx.y - b * a.heads) * a.d};
}

/* Rows first .. first + TILE - 1 of n; 0 beyond the last. All threads call it. */
static __device__ void fetch(float (&to)[TILE][MOST + 1], const void *t, int64_t pitch,
                             int64_t from, int first, int n, int c,
                             const gdk_attention_bwd_args &a) {
    for (int i = (int)threadIdx.x; i < TILE * a.d; i += THREADS) {
        const int j = i / a.d, k = i - j * a.d;
        to[j][k] =
            first + j < n ? gdk_element(t, (from + first + j) * pitch + c + k, a.wide) : 0.0f;
    }
}

static __device__ __forceinline__ float dot(const float *x, const float *y, int d) {
    float sum = 0.0f;
#pragma unroll 8
    for (int c = 0; c < d; c++) sum += x[c] * y[c];
    return sum;
}

static __device__ __forceinline__ bool takes_part(const gdk_attention_bwd_args &a, int b,
                                                  int j) {
    return j < a.keys && (!a.mask || a.mask[b * a.mask_pitch + j] != 0.0f);
}

/* sum[k] += sum over the lanes' rows of w x[row], channels lane + 32 k. */
static __device__ __forceinline__ void add_rows(float (&sum)[EACH], float             w,
                                                const float (&x)[TILE][MOST + 1], int d) {
    const int lane = (int)threadIdx.x % 32;
    for (int j = 0; j < TILE; j++) {
        const float one = __shfl_sync(0xffffffffu, w, j);
#pragma unroll
        for (int k = 0; k < EACH; k++)
            if (lane + 32 * k < d) sum[k] += one * x[j][lane + 32 * k];
    }
}

static __device__ __forceinline__ void store(void *t, int64_t at, const float (&v)[EACH],
                                             const gdk_attention_bwd_args &a) {
#pragma unroll
    for (int k = 0; k < EACH; k++) {
        const int c = (int)threadIdx.x % 32 + 32 * k;
        if (c < a.d) gdk_element_set(t, at + c, v[k], a.wide);
    }
}

static __global__ void __launch_bounds__(THREADS)
    gdk_attention_bwd_query_kernel(const __grid_constant__ gdk_attention_bwd_args a) {
    __shared__ float keys[TILE][MOST + 1], values[TILE][MOST + 1];
    __shared__ float own_q[WARPS][MOST], own_dy[WARPS][MOST];
    const head       h = head_of(a);
    const int        lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
    const int        i = (int)blockIdx.x * WARPS + warp;
    const bool       there = i < a.queries;
    const int64_t    row = (int64_t)h.b * a.queries + i, first_key = (int64_t)h.b * a.keys;
    float            top = -INFINITY, all = 0.0f, both = 0.0f, dq[EACH] = {};
    gdk_grid_follow();
    for (int c = lane; c < a.d; c += 32) {
        own_q[warp][c] = there ? gdk_element(a.q, row * a.q_pitch + h.c + c, a.wide) : 0.0f;
        own_dy[warp][c] = there ? gdk_element(a.dy, row * a.dy_pitch + h.c + c, a.wide) : 0.0f;
    }
    for (int pass = 0; pass < 2; pass++) {
        for (int j0 = 0; j0 < a.keys; j0 += TILE) {
            __syncthreads();
            fetch(keys, a.k, a.k_pitch, first_key, j0, a.keys, h.c, a);
            fetch(values, a.v, a.v_pitch, first_key, j0, a.keys, h.c, a);
            __syncthreads();
            const bool  part = takes_part(a, h.b, j0 + lane);
            const float s = part ? a.scale * dot(own_q[warp], keys[lane], a.d) : -INFINITY;
            const float e = part ? dot(own_dy[warp], values[lane], a.d) : 0.0f;
            if (pass == 0) {
                const float next = fmaxf(top, gdk_across_warp<gdk_largest>(s));
                const float w = part ? expf(s - next) : 0.0f;
                const float keep = top == -INFINITY ? 0.0f : expf(top - next);
                all = all * keep + gdk_across_warp<gdk_sum>(w);
                both = both * keep + gdk_across_warp<gdk_sum>(w * e);
                top = next;
            } else {
                const float w = part ? expf(s - top) * all : 0.0f;
                add_rows(dq, a.scale * w * (e - both), keys, a.d);
            }
        }
        if (pass == 0) {
            all = all > 0.0f ? 1.0f / all : 0.0f;
            both *= all;
        }
    }
    if (!there) return;
    store(a.dq, row * a.dq_pitch + h.c, dq, a);
    float4 *stat = (float4 *)a.stat + (int64_t)blockIdx.y * a.queries;
    if (lane == 0) stat[i] = make_float4(top, all, both, 0.0f);
}

static __global__ void __launch_bounds__(THREADS)
    gdk_attention_bwd_key_kernel(const __grid_constant__ gdk_attention_bwd_args a) {
    __shared__ float queries[TILE][MOST + 1], given[TILE][MOST + 1];
    __shared__ float own_k[WARPS][MOST], own_v[WARPS][MOST];
    const head       h = head_of(a);
    const int        lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
    const int        j = (int)blockIdx.x * WARPS + warp;
    const bool       there = j < a.keys;
    const int64_t    row = (int64_t)h.b * a.keys + j, first = (int64_t)h.b * a.queries;
    float            dk[EACH] = {}, dv[EACH] = {};
    gdk_grid_follow();
    const bool    part = takes_part(a, h.b, j);
    const float4 *stat = (const float4 *)a.stat + (int64_t)blockIdx.y * a.queries;
    for (int c = lane; c < a.d; c += 32) {
        own_k[warp][c] = there ? gdk_element(a.k, row * a.k_pitch + h.c + c, a.wide) : 0.0f;
        own_v[warp][c] = there ? gdk_element(a.v, row * a.v_pitch + h.c + c, a.wide) : 0.0f;
    }
    for (int i0 = 0; i0 < a.queries; i0 += TILE) {
        __syncthreads();
        fetch(queries, a.q, a.q_pitch, first, i0, a.queries, h.c, a);
        fetch(given, a.dy, a.dy_pitch, first, i0, a.queries, h.c, a);
        __syncthreads();
        if (!part) continue; /* the whole warp */
        float4 s = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        float  w = 0.0f;
        if (i0 + lane < a.queries) {
            s = stat[i0 + lane];
            w = expf(a.scale * dot(own_k[warp], queries[lane], a.d) - s.x) * s.y;
        }
        const float e = dot(own_v[warp], given[lane], a.d);
        add_rows(dk, a.scale * w * (e - s.z), queries, a.d);
        add_rows(dv, w, given, a.d);
    }
    if (!there) return;
    store(a.dk, row * a.dk_pitch + h.c, dk, a);
    store(a.dv, row * a.dv_pitch + h.c, dv, a);
}

extern "C" cudaError_t gdk_attention_bwd_launch(const gdk_attention_bwd_args *a,
                                                cudaStream_t                  stream) {
    const dim3  by_query((unsigned)(a->queries + WARPS - 1) / WARPS, (unsigned)a->groups);
    const dim3  by_key((unsigned)(a->keys + WARPS - 1) / WARPS, (unsigned)a->groups);
    cudaError_t e = cudaSuccess;
    if (a->queries > 0)
        e = gdk_launch(gdk_attention_bwd_query_kernel, by_query, THREADS, 0, stream, a->early,
                       1, *a);
    if (e == cudaSuccess && a->keys > 0)
        e = gdk_launch(gdk_attention_bwd_key_kernel, by_key, THREADS, 0, stream, a->early, 1,
                       *a);
    return e;
}
