/* softmax_bwd.cu -- the gradient of softmax of rows: d_x = y (d_y - sum(d_y y)). Bound by
 * memory: two reads and one write, 12 bytes an element, up to 4,096 a row.
 *
 * Short rows: a warp a row, up to 4 values a lane. Longer ones: a block a row, up to 16 values
 * a thread in registers. Beyond, values are read twice. Sums are added in a fixed order. */
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/reduce.cuh"
#include "kernels/softmax/softmax_cuda.h"

enum { THREADS = 256, WARPS = THREADS / 32, SHORT = 128, EACH = 16 };

static __global__ void __launch_bounds__(THREADS)
    gdk_softmax_bwd_warp_kernel(const __grid_constant__ gdk_softmax_bwd_args a) {
    const int64_t row = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
    const int     lane = (int)threadIdx.x % 32;
    float         d[SHORT / 32], y[SHORT / 32], dot = 0.0f;
    gdk_grid_follow();
    if (row >= a.rows) return;
#pragma unroll
    for (int i = 0; i < SHORT / 32; i++) {
        const int c = lane + 32 * i;
        d[i] = c < a.n ? a.d_y[row * a.d_y_pitch + c] : 0.0f;
        y[i] = c < a.n ? a.y[row * a.y_pitch + c] : 0.0f;
        dot += d[i] * y[i];
    }
    dot = gdk_across_warp<gdk_sum>(dot);
#pragma unroll
    for (int i = 0; i < SHORT / 32; i++)
        if (lane + 32 * i < a.n) a.d_x[row * a.d_x_pitch + lane + 32 * i] = y[i] * (d[i] - dot);
}

/* HELD: the row stays in registers. */
template <int HELD>
static __global__ void __launch_bounds__(THREADS)
    gdk_softmax_bwd_block_kernel(const __grid_constant__ gdk_softmax_bwd_args a) {
    __shared__ float s[WARPS];
    const int64_t    row = blockIdx.x;
    const float     *d_y = a.d_y + row * a.d_y_pitch, *y = a.y + row * a.y_pitch;
    float           *d_x = a.d_x + row * a.d_x_pitch, d[EACH], v[EACH], dot = 0.0f;
    gdk_grid_follow();
    if constexpr (HELD) {
#pragma unroll
        for (int i = 0; i < EACH; i++) {
            const int c = i * THREADS + (int)threadIdx.x;
            d[i] = c < a.n ? d_y[c] : 0.0f;
            v[i] = c < a.n ? y[c] : 0.0f;
            dot += d[i] * v[i];
        }
    } else {
        for (int c = (int)threadIdx.x; c < a.n; c += THREADS) dot += d_y[c] * y[c];
    }
    dot = gdk_across_block<gdk_sum, WARPS>(dot, s);
    if constexpr (HELD) {
#pragma unroll
        for (int i = 0; i < EACH; i++) {
            const int c = i * THREADS + (int)threadIdx.x;
            if (c < a.n) d_x[c] = v[i] * (d[i] - dot);
        }
    } else {
        for (int c = (int)threadIdx.x; c < a.n; c += THREADS) d_x[c] = y[c] * (d_y[c] - dot);
    }
}

extern "C" cudaError_t gdk_softmax_bwd_launch(const gdk_softmax_bwd_args *a,
                                              cudaStream_t                stream) {
    const unsigned rows = (unsigned)a->rows;
    if (!rows) return cudaSuccess;
    if (a->n <= SHORT)
        return gdk_launch(gdk_softmax_bwd_warp_kernel, dim3((rows + WARPS - 1) / WARPS),
                          THREADS, 0, stream, a->early, 1, *a);
    return gdk_launch(a->n <= EACH * THREADS ? gdk_softmax_bwd_block_kernel<1>
                                             : gdk_softmax_bwd_block_kernel<0>,
                      dim3(rows), THREADS, 0, stream, a->early, 1, *a);
}
