/* conv2d_depthwise.cu -- depthwise convolution: each channel has a filter of its own.
 *
 * Bound by memory. A thread owns four channels of TP x TQ output pixels, neighbours own
 * neighbouring channels. It reads each row of its input window once, and every output row under
 * that row takes what it needs. Other filters, and planes too small to fill the device with
 * windows, are computed pixel by pixel. Weights are [R][S][C] in FP32. */
#include "kernels/conv2d/conv2d_direct.h"
#include "kernels/cuda/epilogue.cuh"

namespace {

enum { V = 4, THREADS = 128 };

template <bool HALF>
__device__ __forceinline__ void load(const gdk_direct &p, int64_t at, bool inside,
                                     float (&v)[V]) {
#pragma unroll
    for (int i = 0; i < V; i++) v[i] = 0.0f;
    if (inside)
        gdk_run_add<V>(v, gdk_run_load<V>((const char *)p.x + at * (HALF ? 2 : 4), !HALF),
                       !HALF);
}

/* sum += x * w */
__device__ __forceinline__ void add_product(float (&sum)[V], const float (&x)[V],
                                            const float4 &w) {
    sum[0] = fmaf(x[0], w.x, sum[0]);
    sum[1] = fmaf(x[1], w.y, sum[1]);
    sum[2] = fmaf(x[2], w.z, sum[2]);
    sum[3] = fmaf(x[3], w.w, sum[3]);
}

/* R x R filters, stride ST, no dilation. */
template <bool HALF, int R, int ST, int TP, int TQ>
__global__ void __launch_bounds__(THREADS)
    conv2d_depthwise(const __grid_constant__ gdk_direct p, int tiles_p, int tiles_q) {
    constexpr int ROWS = (TP - 1) * ST + R, COLS = (TQ - 1) * ST + R;
    const int     vectors = p.C / V;
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    const int64_t tile = i / vectors, line = tile / tiles_q;
    if (line >= (int64_t)p.N * tiles_p) return;
    const int     c = (int)(i - tile * vectors) * V, q0 = (int)(tile - line * tiles_q) * TQ;
    const int     n = (int)(line / tiles_p), p0 = (int)(line - (int64_t)n * tiles_p) * TP;
    const int     h0 = p0 * ST - p.pad[0], v0 = q0 * ST - p.pad[1];
    const float4 *w = (const float4 *)p.w + c / V;
    float         sum[TP * TQ][V] = {};
#pragma unroll
    for (int row = 0; row < ROWS; row++) {
        const int  h = h0 + row;
        const bool in = (unsigned)h < (unsigned)p.H;
        float      x[COLS][V];
#pragma unroll
        for (int col = 0; col < COLS; col++)
            load<HALF>(p, (((int64_t)n * p.H + h) * p.W + v0 + col) * p.x_pitch + c,
                       in && (unsigned)(v0 + col) < (unsigned)p.W, x[col]);
#pragma unroll
        for (int y = 0; y < TP; y++) {
            const int r = row - y * ST;
            if (r < 0 || r >= R) continue;
#pragma unroll
            for (int s = 0; s < R; s++) {
                const float4 f = __ldg(w + (r * R + s) * vectors);
#pragma unroll
                for (int z = 0; z < TQ; z++) add_product(sum[y * TQ + z], x[z * ST + s], f);
            }
        }
    }
    gdk_epilogue_runs<V, TP * TQ>(p.e, sum, c, [&](int j) -> int64_t {
        const int row = p0 + j / TQ, col = q0 + j % TQ;
        return row < p.P && col < p.Q ? ((int64_t)n * p.P + row) * p.Q + col : -1;
    });
}

/* Any filter, one pixel a thread. */
template <bool HALF>
__global__ void __launch_bounds__(THREADS)
    conv2d_depthwise_pixel(const __grid_constant__ gdk_direct p) {
    const int     vectors = p.C / V;
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    const int64_t pixel = i / vectors, line = pixel / p.Q;
    if (line >= (int64_t)p.N * p.P) return;
    const int     c = (int)(i - pixel * vectors) * V, n = (int)(line / p.P);
    const int64_t h0 = (line - (int64_t)n * p.P) * p.stride[0] - p.pad[0];
    const int64_t v0 = (pixel - line * p.Q) * p.stride[1] - p.pad[1];
    const float4 *w = (const float4 *)p.w + c / V;
    float         sum[1][V] = {};
    for (int r = 0; r < p.R; r++) {
        const int64_t h = h0 + (int64_t)r * p.dilation[0];
        if (h < 0 || h >= p.H) continue;
#pragma unroll 5
        for (int s = 0; s < p.S; s++) {
            const int64_t v = v0 + (int64_t)s * p.dilation[1];
            float         x[V];
            load<HALF>(p, ((n * (int64_t)p.H + h) * p.W + v) * p.x_pitch + c, v >= 0 && v < p.W,
                       x);
            add_product(sum[0], x, __ldg(w + (int64_t)(r * p.S + s) * vectors));
        }
    }
    gdk_epilogue_runs<V, 1>(p.e, sum, c, [&](int) -> int64_t { return pixel; });
}

template <bool HALF, int R, int ST, int TP, int TQ>
bool tiled(const gdk_direct *p, cudaStream_t stream) {
    const int     tiles_p = (p->P + TP - 1) / TP, tiles_q = (p->Q + TQ - 1) / TQ;
    const int64_t threads = (int64_t)p->N * tiles_p * tiles_q * (p->C / V);
    if (p->R != R || p->S != R || p->stride[0] != ST || p->stride[1] != ST ||
        p->dilation[0] != 1 || p->dilation[1] != 1 || threads < p->n_sm * 512)
        return false;
    conv2d_depthwise<HALF, R, ST, TP, TQ>
        <<<(unsigned)((threads + THREADS - 1) / THREADS), THREADS, 0, stream>>>(*p, tiles_p,
                                                                                tiles_q);
    return true;
}

template <bool HALF> cudaError_t launch(const gdk_direct *p, cudaStream_t stream) {
    const int64_t threads = (int64_t)p->N * p->P * p->Q * (p->C / V);
    if (!tiled<HALF, 3, 1, 4, 4>(p, stream) && !tiled<HALF, 3, 2, 2, 4>(p, stream) &&
        !tiled<HALF, 5, 1, 2, 4>(p, stream) && !tiled<HALF, 5, 2, 1, 4>(p, stream))
        conv2d_depthwise_pixel<HALF>
            <<<(unsigned)((threads + THREADS - 1) / THREADS), THREADS, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}

} // namespace

cudaError_t gdk_conv2d_dw_launch(const gdk_direct *p, cudaStream_t stream) {
    return p->half ? launch<true>(p, stream) : launch<false>(p, stream);
}
