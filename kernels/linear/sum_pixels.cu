/* sum_pixels.cu -- sums of the pixels of a tensor, channel by channel, range by range.
 *
 * Bound by memory. A block of threads owns a range of the pixels and up to 32 runs of channels;
 * a thread one run (8 channels, or 1 where pixels are not aligned) of every ROWS-th pixel. The
 * threads of a run add up in their order. */
#include "kernels/cuda/vec.cuh"
#include "kernels/linear/sum_pixels.h"

namespace {

enum { THREADS = 256, ACROSS = 32, ROWS = THREADS / ACROSS };

template <int V>
__device__ __forceinline__ void add(const gdk_sum_pixels &p, int64_t m, int c,
                                    float (&sum)[V]) {
    const char *at = (const char *)p.x + ((m * p.pitch + c) << (1 + p.wide));
    if constexpr (V == 8) {
        if (!p.wide || c + 4 < p.C)
            gdk_run_add<8>(sum, gdk_run_load<8>(at, p.wide), p.wide);
        else { /* a row of floats may end after the first four */
            const float4 f = *(const float4 *)at;
            sum[0] += f.x, sum[1] += f.y, sum[2] += f.z, sum[3] += f.w;
        }
    } else {
        sum[0] += gdk_element(at, 0, p.wide);
    }
}

template <int V>
__global__ void __launch_bounds__(THREADS)
    sum_pixels(const __grid_constant__ gdk_sum_pixels p) {
    __shared__ float all[ROWS][ACROSS][V + 1];
    const int        lane = threadIdx.x % ACROSS, row = threadIdx.x / ACROSS;
    const int        c = (int)(blockIdx.x * ACROSS + lane) * V, split = blockIdx.y;
    const int        from = (int)((int64_t)p.M * split / p.splits);
    const int        to = (int)((int64_t)p.M * (split + 1) / p.splits);
    float            sum[V] = {};
    if (c < p.C)
#pragma unroll 4
        for (int m = from + row; m < to; m += ROWS) add<V>(p, m, c, sum);
#pragma unroll
    for (int i = 0; i < V; i++) all[row][lane][i] = sum[i];
    __syncthreads();
    for (int i = threadIdx.x; i < ACROSS * V; i += THREADS) {
        const int to_c = (int)blockIdx.x * ACROSS * V + i;
        float     v = 0.0f;
#pragma unroll
        for (int j = 0; j < ROWS; j++) v += all[j][i / V][i % V];
        if (to_c < p.C) p.part[(int64_t)split * p.C + to_c] = v;
    }
}

} // namespace

extern "C" cudaError_t gdk_sum_pixels_launch(const gdk_sum_pixels *p, cudaStream_t stream) {
    const int V = p->vec ? 8 : 1;
    dim3      grid((unsigned)((p->C + ACROSS * V - 1) / (ACROSS * V)), (unsigned)p->splits);
    if (p->vec)
        sum_pixels<8><<<grid, THREADS, 0, stream>>>(*p);
    else
        sum_pixels<1><<<grid, THREADS, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}
