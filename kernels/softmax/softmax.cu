/* softmax.cu -- softmax of rows. Bound by memory: one read, one write up to 4,096 a row.
 *
 * Short rows: a warp a row, up to 4 values a lane. Longer ones: a block a row, up to 16 values
 * a thread in registers. Beyond, values are read three times. Sums are added in a fixed order.
 * */
#include "kernels/cuda/reduce.cuh"
#include "kernels/softmax/softmax_cuda.h"

enum { THREADS = 256, WARPS = THREADS / 32, SHORT = 128, EACH = 16 };

static __global__ void __launch_bounds__(THREADS) warp_kernel(const gdk_softmax_args a) {
    const int64_t row = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
    const int     lane = (int)threadIdx.x % 32;
    if (row >= a.rows) return;
    const float *x = a.x + row * a.x_pitch;
    float       *y = a.y + row * a.y_pitch, v[SHORT / 32], top = -INFINITY, all = 0.0f;
#pragma unroll
    for (int i = 0; i < SHORT / 32; i++) {
        v[i] = lane + 32 * i < a.n ? x[lane + 32 * i] : -INFINITY;
        top = fmaxf(top, v[i]);
    }
    top = gdk_across_warp<gdk_largest>(top);
#pragma unroll
    for (int i = 0; i < SHORT / 32; i++)
        if (lane + 32 * i < a.n) all += v[i] = expf(v[i] - top);
    all = gdk_across_warp<gdk_sum>(all);
#pragma unroll
    for (int i = 0; i < SHORT / 32; i++)
        if (lane + 32 * i < a.n) y[lane + 32 * i] = v[i] / all;
}

static __global__ void __launch_bounds__(THREADS) block_kernel(const gdk_softmax_args a) {
    __shared__ float s[WARPS];
    const float     *x = a.x + (int64_t)blockIdx.x * a.x_pitch;
    float *y = a.y + (int64_t)blockIdx.x * a.y_pitch, v[EACH], top = -INFINITY, all = 0.0f;
#pragma unroll
    for (int i = 0; i < EACH; i++) {
        const int c = i * THREADS + (int)threadIdx.x;
        v[i] = c < a.n ? x[c] : -INFINITY;
        top = fmaxf(top, v[i]);
    }
    top = gdk_across_block<gdk_largest, WARPS>(top, s);
#pragma unroll
    for (int i = 0; i < EACH; i++)
        if (i * THREADS + (int)threadIdx.x < a.n) all += v[i] = expf(v[i] - top);
    all = gdk_across_block<gdk_sum, WARPS>(all, s);
#pragma unroll
    for (int i = 0; i < EACH; i++) {
        const int c = i * THREADS + (int)threadIdx.x;
        if (c < a.n) y[c] = v[i] / all;
    }
}

static __global__ void __launch_bounds__(THREADS) long_kernel(const gdk_softmax_args a) {
    __shared__ float s[WARPS];
    const float     *x = a.x + (int64_t)blockIdx.x * a.x_pitch;
    float           *y = a.y + (int64_t)blockIdx.x * a.y_pitch, top = -INFINITY, all = 0.0f;
    for (int c = (int)threadIdx.x; c < a.n; c += THREADS) top = fmaxf(top, x[c]);
    top = gdk_across_block<gdk_largest, WARPS>(top, s);
    for (int c = (int)threadIdx.x; c < a.n; c += THREADS) all += expf(x[c] - top);
    all = gdk_across_block<gdk_sum, WARPS>(all, s);
    for (int c = (int)threadIdx.x; c < a.n; c += THREADS) y[c] = expf(x[c] - top) / all;
}

extern "C" cudaError_t gdk_softmax_launch(const gdk_softmax_args *a, cudaStream_t stream) {
    if (!a->rows) return cudaSuccess;
    const unsigned rows = (unsigned)a->rows;
    if (a->n <= SHORT)
        warp_kernel<<<(rows + WARPS - 1) / WARPS, THREADS, 0, stream>>>(*a);
    else if (a->n <= EACH * THREADS)
        block_kernel<<<rows, THREADS, 0, stream>>>(*a);
    else
        long_kernel<<<rows, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
