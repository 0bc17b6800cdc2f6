/* conv2d_wgrad_any.cu -- the gradient of a grouped convolution's weights as its definition, and
 * the sum of what the ranges of pixels gave.
 *
 * Bound by loads. Of the first kernel a thread owns one weight for one range of the pixels;
 * neighbours own neighbouring channels, then filters, of one tap, so that loads are coalesced
 * in depthwise layers as in others. Of the second, four neighbouring elements of dw. */
#include "kernels/conv2d/conv2d_wgrad.h"
#include "kernels/cuda/epilogue.cuh"
#include "kernels/cuda/launch.cuh"

namespace {

enum { THREADS = 256, AHEAD = 4 };

__device__ __forceinline__ float value(float v) { return v; }
__device__ __forceinline__ float value(__half v) { return __half2float(v); }

/* A pixel of dy by its picture, row and column, and the next one. */
struct pixel {
    int n, p, q;
};

template <class T>
__global__ void __launch_bounds__(THREADS, 4)
    conv2d_wgrad_any(const __grid_constant__ gdk_wgrad p) {
    const int count = p.K * p.C, i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    const int tap = blockIdx.y, split = blockIdx.z;
    if (i >= count) return;
    const int     k = i / p.C, c = i - k * p.C, r = tap / p.S;
    const int     down = r * p.dilation[0] - p.pad[0];
    const int     right = (tap - r * p.S) * p.dilation[1] - p.pad[1];
    const T      *dy = (const T *)p.dy + k;
    const T      *x = (const T *)p.x + k / (p.K / p.groups) * p.C + c;
    const int64_t dy_pitch = p.dy_pitch / (int)sizeof(T), x_pitch = p.x_pitch / (int)sizeof(T);
    const int     from = (int)((int64_t)p.steps * split / p.splits);
    const int     to = (int)((int64_t)p.steps * (split + 1) / p.splits);
    const int     Q = (int)p.by_q.d, P = (int)p.by_pq.d / Q;
    float         sum = 0.0f;
    pixel         at;
    at.n = from / (int)p.by_pq.d;
    at.p = (from - at.n * (int)p.by_pq.d) / Q;
    at.q = from - at.n * (int)p.by_pq.d - at.p * Q;
    for (int m = from; m < to; m += AHEAD) {
        float a[AHEAD], b[AHEAD];
#pragma unroll
        for (int j = 0; j < AHEAD; j++) {
            const int  h = at.p * p.stride[0] + down, v = at.q * p.stride[1] + right;
            const bool in =
                m + j < to && (unsigned)h < (unsigned)p.H && (unsigned)v < (unsigned)p.W;
            a[j] = in ? value(dy[(m + j) * dy_pitch]) : 0.0f;
            b[j] = in ? value(x[(((int64_t)at.n * p.H + h) * p.W + v) * x_pitch]) : 0.0f;
            if (++at.q == Q) {
                at.q = 0;
                if (++at.p == P) at.p = 0, at.n++;
            }
        }
#pragma unroll
        for (int j = 0; j < AHEAD; j++) sum = fmaf(a[j], b[j], sum);
    }
    p.part[(((int64_t)split * p.K + k) * p.R * p.S + tap) * p.C + c] = sum;
}

/* The sums of `splits` ranges in their order. */
__global__ void __launch_bounds__(THREADS, 4)
    conv2d_wgrad_sum(const __grid_constant__ gdk_wgrad_sum p) {
    const int     runs = (p.C + 3) / 4;
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x, row = i / runs;
    const int     c = (int)(i - row * runs) * 4;
    const float  *from = p.part + row * p.C + c;
    const int64_t next = p.rows * p.C;
    float         v[4] = {};
    gdk_grid_follow();
    if (row >= p.rows) return;
    if (p.C % 4 == 0) {
#pragma unroll 8
        for (int s = 0; s < p.splits; s++) {
            const float4 f = __ldcs((const float4 *)(from + s * next));
            v[0] += f.x, v[1] += f.y, v[2] += f.z, v[3] += f.w;
        }
    } else {
        for (int s = 0; s < p.splits; s++)
#pragma unroll
            for (int j = 0; j < 4; j++)
                if (c + j < p.C) v[j] += from[s * next + j];
    }
    gdk_epilogue_run<4>(p.e, v, row, c, p.C);
}

} // namespace

extern "C" cudaError_t gdk_wgrad_any_launch(const gdk_wgrad *p, cudaStream_t stream) {
    const int64_t count = (int64_t)p->K * p->C;
    const int     threads = count < THREADS ? (int)(count + 31) / 32 * 32 : THREADS;
    const dim3    grid((unsigned)((count + threads - 1) / threads), (unsigned)(p->R * p->S),
                       (unsigned)p->splits);
    if (p->half)
        conv2d_wgrad_any<__half><<<grid, threads, 0, stream>>>(*p);
    else
        conv2d_wgrad_any<float><<<grid, threads, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}

extern "C" cudaError_t gdk_wgrad_sum_launch(const gdk_wgrad_sum *p, cudaStream_t stream) {
    const int64_t work = p->rows * ((p->C + 3) / 4);
    return gdk_launch(conv2d_wgrad_sum, dim3((unsigned)((work + THREADS - 1) / THREADS)),
                      THREADS, 0, stream, p->early, 1, *p);
}
