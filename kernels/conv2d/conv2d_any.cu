/* conv2d_any.cu -- convolution as its definition, for shapes that no faster kernel takes.
 *
 * Bound by loads. A thread owns one filter at four pixels that follow each other, neighbours
 * own neighbouring filters: stores are coalesced, pixels are broadcast, and a weight is read
 * once for four products. Sums are in the order of the reference: rows, columns, channels. */
#include "kernels/conv2d/conv2d_direct.h"
#include "kernels/cuda/epilogue.cuh"

namespace {

enum { PIXELS = 4, THREADS = 256 };

__device__ __forceinline__ float value(float v) { return v; }
__device__ __forceinline__ float value(__half v) { return __half2float(v); }

template <class T>
__global__ void __launch_bounds__(THREADS) conv2d_any(const __grid_constant__ gdk_direct p) {
    const int64_t count = (int64_t)p.N * p.P * p.Q, groups = (count + PIXELS - 1) / PIXELS;
    const int     channels = p.C / p.groups;
    for (int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x; i < groups * p.K;
         i += (int64_t)gridDim.x * THREADS) {
        const int64_t first = i / p.K * PIXELS;
        const int     k = (int)(i % p.K);
        const T      *x = (const T *)p.x + (int64_t)(k / (p.K / p.groups)) * channels;
        const T      *w = (const T *)p.w + (int64_t)k * p.R * p.S * p.w_pitch;
        int64_t       image[PIXELS], h0[PIXELS], v0[PIXELS];
        float         sum[PIXELS] = {};
#pragma unroll
        for (int j = 0; j < PIXELS; j++) {
            const int64_t row = (first + j) / p.Q;
            image[j] = row / p.P * p.H;
            h0[j] = first + j < count ? row % p.P * p.stride[0] - p.pad[0] : INT64_MIN / 2;
            v0[j] = (first + j) % p.Q * p.stride[1] - p.pad[1];
        }
        for (int r = 0; r < p.R; r++)
            for (int s = 0; s < p.S; s++, w += p.w_pitch) {
                const T *from[PIXELS];
#pragma unroll
                for (int j = 0; j < PIXELS; j++) {
                    const int64_t h = h0[j] + (int64_t)r * p.dilation[0];
                    const int64_t v = v0[j] + (int64_t)s * p.dilation[1];
                    const bool    in = h >= 0 && h < p.H && v >= 0 && v < p.W;
                    from[j] = in ? x + ((image[j] + h) * p.W + v) * p.x_pitch : NULL;
                }
                for (int c = 0; c < channels; c++) {
                    const float weight = value(w[c]);
#pragma unroll
                    for (int j = 0; j < PIXELS; j++)
                        if (from[j]) sum[j] = fmaf(value(from[j][c]), weight, sum[j]);
                }
            }
#pragma unroll 1
        for (int j = 0; j < PIXELS && first + j < count; j++) {
            gdk_epilogue_one(p.e, sum[0], first + j, k);
            sum[0] = sum[1], sum[1] = sum[2], sum[2] = sum[3];
        }
    }
}

} // namespace

cudaError_t gdk_conv2d_any_launch(const gdk_direct *p, cudaStream_t stream) {
    const int64_t  pixels = (int64_t)p->N * p->P * p->Q;
    const int64_t  blocks = ((pixels + PIXELS - 1) / PIXELS * p->K + THREADS - 1) / THREADS;
    const unsigned grid = (unsigned)(blocks < INT32_MAX ? blocks : INT32_MAX);
    if (p->half)
        conv2d_any<__half><<<grid, THREADS, 0, stream>>>(*p);
    else
        conv2d_any<float><<<grid, THREADS, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}
