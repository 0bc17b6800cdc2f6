/* layer_norm.cu -- layer norm of rows. Bound by memory: one read and one write up to 1,024
 * channels.
 *
 * Up to 256 and 1,024 channels: a warp a row, which its lanes hold in registers in runs of
 * four. Beyond: a block a row, which is read three times. The variance is summed about the
 * mean; sums are in FP32 and in a fixed order. Short rows are bound by latency: their gamma and
 * beta are fetched while the kernel before still runs. */
#include "kernels/cuda/epilogue.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/reduce.cuh"
#include "kernels/layer_norm/layer_norm_cuda.h"

enum { THREADS = 256, WARPS = THREADS / 32 };

/* Four channels from c on; 0 beyond the last. */
static __device__ __forceinline__ void load(const gdk_layer_norm_args &a, int64_t row, int c,
                                            float (&v)[4]) {
    const int64_t at = row * a.x_pitch + c;
    if (a.vec && c + 4 <= a.C) {
        gdk_run_get<4>(v, gdk_run_load<4>((const char *)a.x + (at << (1 + a.x_wide)), a.x_wide),
                       a.x_wide);
    } else {
#pragma unroll
        for (int j = 0; j < 4; j++)
            v[j] = c + j < a.C ? gdk_element(a.x, at + j, a.x_wide) : 0.0f;
    }
}

static __device__ __forceinline__ void load_vector(const gdk_layer_norm_args &a, const float *p,
                                                   int c, float (&v)[4]) {
    if (a.vec && c + 4 <= a.C) {
        const float4 f = *(const float4 *)(p + c);
        v[0] = f.x, v[1] = f.y, v[2] = f.z, v[3] = f.w;
    } else {
#pragma unroll
        for (int j = 0; j < 4; j++) v[j] = c + j < a.C ? p[c + j] : 0.0f;
    }
}

static __device__ __forceinline__ float sum_of(const float (&v)[4]) {
    return (v[0] + v[1]) + (v[2] + v[3]);
}

/* Sum of (v - mean)^2 over the channels that there are. */
static __device__ __forceinline__ float squares(const float (&v)[4], float mean, int c, int C) {
    float sum = 0.0f;
#pragma unroll
    for (int j = 0; j < 4; j++) {
        const float d = c + j < C ? v[j] - mean : 0.0f;
        sum += d * d;
    }
    return sum;
}

/* Gamma and beta of a run. */
struct vectors {
    float gamma[4], beta[4];

    __device__ __forceinline__ void load(const gdk_layer_norm_args &a, int c) {
        load_vector(a, a.gamma, c, gamma);
        load_vector(a, a.beta, c, beta);
    }
};

static __device__ __forceinline__ void store(const gdk_layer_norm_args &a, float (&v)[4],
                                             const vectors &by, float mean, float invstd,
                                             int64_t row, int c) {
#pragma unroll
    for (int j = 0; j < 4; j++) v[j] = (v[j] - mean) * invstd * by.gamma[j] + by.beta[j];
    gdk_epilogue_run<4>(a.e, v, row, c, a.C);
}

/* RUNS runs of four a lane. */
template <int RUNS>
static __global__ void __launch_bounds__(THREADS, 2)
    warp_kernel(const __grid_constant__ gdk_layer_norm_args a) {
    const uint32_t row = blockIdx.x * WARPS + threadIdx.x / 32;
    const int      first = (int)(threadIdx.x % 32) * 4;
    if (row >= a.rows) return;
    constexpr bool HELD = RUNS <= 2; /* there are registers for gamma and beta */
    vectors        by[HELD ? RUNS : 1];
    gdk_grid_release();
    if (!a.fixed) gdk_grid_wait();
    if constexpr (HELD) {
#pragma unroll
        for (int i = 0; i < RUNS; i++) by[i].load(a, first + i * 128);
    }
    if (a.fixed) gdk_grid_wait();
    float v[RUNS][4], sum = 0.0f, square = 0.0f;
#pragma unroll
    for (int i = 0; i < RUNS; i++) load(a, row, first + i * 128, v[i]);
#pragma unroll
    for (int i = 0; i < RUNS; i++) sum += sum_of(v[i]);
    const float mean = gdk_across_warp<gdk_sum>(sum) / (float)a.C;
#pragma unroll
    for (int i = 0; i < RUNS; i++) square += squares(v[i], mean, first + i * 128, a.C);
    const float var = gdk_across_warp<gdk_sum>(square) / (float)a.C;
    const float invstd = 1.0f / sqrtf(var + a.eps);
#pragma unroll
    for (int i = 0; i < RUNS; i++)
        if (first + i * 128 < a.C) {
            if constexpr (!HELD) by[0].load(a, first + i * 128);
            store(a, v[i], by[HELD ? i : 0], mean, invstd, row, first + i * 128);
        }
}

static __global__ void __launch_bounds__(THREADS, 2)
    block_kernel(const __grid_constant__ gdk_layer_norm_args a) {
    __shared__ float s[WARPS];
    const int64_t    row = blockIdx.x;
    const int        first = (int)threadIdx.x * 4;
    float            v[4], sum = 0.0f, square = 0.0f;
    vectors          by;
    gdk_grid_follow();
    for (int c = first; c < a.C; c += THREADS * 4) {
        load(a, row, c, v);
        sum += sum_of(v);
    }
    const float mean = gdk_across_block<gdk_sum, WARPS>(sum, s) / (float)a.C;
    for (int c = first; c < a.C; c += THREADS * 4) {
        load(a, row, c, v);
        square += squares(v, mean, c, a.C);
    }
    const float var = gdk_across_block<gdk_sum, WARPS>(square, s) / (float)a.C;
    const float invstd = 1.0f / sqrtf(var + a.eps);
    for (int c = first; c < a.C; c += THREADS * 4) {
        load(a, row, c, v);
        by.load(a, c);
        store(a, v, by, mean, invstd, row, c);
    }
}

extern "C" cudaError_t gdk_layer_norm_launch(const gdk_layer_norm_args *a,
                                             cudaStream_t               stream) {
    const unsigned blocks = (a->rows + WARPS - 1) / WARPS;
    if (a->C <= 256)
        return gdk_launch(warp_kernel<2>, blocks, THREADS, 0, stream, a->early, 1, *a);
    if (a->C <= 1024)
        return gdk_launch(warp_kernel<8>, blocks, THREADS, 0, stream, a->early, 1, *a);
    return gdk_launch(block_kernel, a->rows, THREADS, 0, stream, a->early, 1, *a);
}
