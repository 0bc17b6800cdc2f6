/* attention_simt.cu -- attention on ordinary cores, any type and head, with a running softmax.
 *
 * Bound by shared memory. A block is four warps with four queries of one head each; keys and
 * values pass through shared memory, 32 at a time, as floats. For the scores a lane is a key,
 * for the outputs it is a channel (of every 32), so that weights go from lane to lane. Heads
 * are padded to D channels with zeros. Sums are added in the order of the keys. */
#include "kernels/attention/attention_cuda.h"
#include "kernels/cuda/vec.cuh"

enum { WARPS = 4, THREADS = 32 * WARPS, EACH = 4, ROWS = WARPS * EACH, KEYS = 32 };

template <int D> struct tile {
    float4 q[WARPS][D]; /* of four queries */
    float  k[KEYS][D + 1];
    float  v[KEYS][D];
};

template <int D>
static __device__ __forceinline__ void load_keys(tile<D> &t, const gdk_attention_args &a, int b,
                                                 int h, int first) {
    for (int i = (int)threadIdx.x; i < KEYS * D; i += THREADS) {
        const int     row = i / D, c = i % D, j = first + row;
        const bool    valid = j < a.keys && c < a.d;
        const int64_t at = (int64_t)b * a.keys + j;
        t.k[row][c] = valid ? gdk_element(a.k, at * a.k_pitch + h * a.d + c, a.wide) : 0.0f;
        t.v[row][c] = valid ? gdk_element(a.v, at * a.v_pitch + h * a.d + c, a.wide) : 0.0f;
    }
}

template <int D>
static __device__ __forceinline__ void load_queries(tile<D> &t, const gdk_attention_args &a,
                                                    int b, int h) {
    for (int i = (int)threadIdx.x; i < ROWS * D; i += THREADS) {
        const int  row = i / D, c = i % D, at = (int)blockIdx.x * ROWS + row;
        const bool valid = at < a.queries && c < a.d;
        ((float *)&t.q[row / EACH][c])[row % EACH] =
            valid ? gdk_element(a.q, ((int64_t)b * a.queries + at) * a.q_pitch + h * a.d + c,
                                a.wide)
                  : 0.0f;
    }
}

static __device__ __forceinline__ float largest(float v) {
#pragma unroll
    for (int d = 16; d > 0; d /= 2) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, d));
    return v;
}

static __device__ __forceinline__ float total(float v) {
#pragma unroll
    for (int d = 16; d > 0; d /= 2) v += __shfl_xor_sync(0xffffffffu, v, d);
    return v;
}

template <int D>
static __global__ void __launch_bounds__(THREADS)
    attention_kernel(const __grid_constant__ gdk_attention_args a) {
    __shared__ tile<D> t;
    const int          warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    const int          b = (int)blockIdx.y / a.heads, h = (int)blockIdx.y % a.heads;
    float              top[EACH], sum[EACH], y[EACH][D / 32];
#pragma unroll
    for (int i = 0; i < EACH; i++) {
        top[i] = -INFINITY;
        sum[i] = 0.0f;
#pragma unroll
        for (int c = 0; c < D / 32; c++) y[i][c] = 0.0f;
    }
    load_queries<D>(t, a, b, h);
    for (int first = 0; first < a.keys; first += KEYS) {
        load_keys<D>(t, a, b, h, first);
        __syncthreads();
        const int  j = first + lane;
        const bool on = j < a.keys && (!a.mask || a.mask[b * a.mask_pitch + j] != 0.0f);
        float      s[EACH] = {};
#pragma unroll 8
        for (int c = 0; c < D; c++) {
            const float4 q = t.q[warp][c];
            const float  k = t.k[lane][c];
            s[0] += q.x * k;
            s[1] += q.y * k;
            s[2] += q.z * k;
            s[3] += q.w * k;
        }
#pragma unroll
        for (int i = 0; i < EACH; i++) {
            s[i] = on ? s[i] * a.scale : -INFINITY;
            const float most = fmaxf(top[i], largest(s[i]));
            /* No key has taken part yet: any number but an infinity will do. */
            const float from = most == -INFINITY ? 0.0f : most, shrink = expf(top[i] - from);
            s[i] = on ? expf(s[i] - from) : 0.0f;
            sum[i] = sum[i] * shrink + s[i]; /* this lane's keys */
            top[i] = most;
#pragma unroll
            for (int c = 0; c < D / 32; c++) y[i][c] *= shrink;
        }
#pragma unroll 8
        for (int k = 0; k < KEYS; k++)
#pragma unroll
            for (int i = 0; i < EACH; i++) {
                const float w = __shfl_sync(0xffffffffu, s[i], k);
#pragma unroll
                for (int c = 0; c < D / 32; c++) y[i][c] += w * t.v[k][lane + 32 * c];
            }
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < EACH; i++) {
        const int   at = (int)blockIdx.x * ROWS + warp * EACH + i;
        const float all = total(sum[i]);
#pragma unroll
        for (int c = 0; c < D / 32; c++)
            if (at < a.queries && lane + 32 * c < a.d)
                gdk_element_set(a.out,
                                ((int64_t)b * a.queries + at) * a.out_pitch + h * a.d + lane +
                                    32 * c,
                                all > 0.0f ? y[i][c] / all : 0.0f, a.wide);
    }
}

extern "C" cudaError_t gdk_attention_simt_launch(const gdk_attention_args *a,
                                                 cudaStream_t              stream) {
    if (!a->groups || !a->queries) return cudaSuccess;
    const dim3 grid((unsigned)((a->queries + ROWS - 1) / ROWS), (unsigned)a->groups);
    if (a->d <= 32)
        attention_kernel<32><<<grid, THREADS, 0, stream>>>(*a);
    else if (a->d <= 64)
        attention_kernel<64><<<grid, THREADS, 0, stream>>>(*a);
    else
        attention_kernel<128><<<grid, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
