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

/* Four channels as they lie in memory. */
template <bool HALF> struct quad;
template <> struct quad<true> {
    uint2                           raw;
    __device__ __forceinline__ void get(float (&v)[V]) const {
        const float2 a = gdk_half2_float(raw.x), b = gdk_half2_float(raw.y);
        v[0] = a.x, v[1] = a.y, v[2] = b.x, v[3] = b.y;
    }
};
template <> struct quad<false> {
    float4                          raw;
    __device__ __forceinline__ void get(float (&v)[V]) const {
        v[0] = raw.x, v[1] = raw.y, v[2] = raw.z, v[3] = raw.w;
    }
};

/* sum += x * w */
__device__ __forceinline__ void add_product(float (&sum)[V], const float (&x)[V],
                                            const float4 &w) {
    sum[0] = fmaf(x[0], w.x, sum[0]);
    sum[1] = fmaf(x[1], w.y, sum[1]);
    sum[2] = fmaf(x[2], w.z, sum[2]);
    sum[3] = fmaf(x[3], w.w, sum[3]);
}

/* One row of a window's input: COLS quads at steps of `dilation` from column v on. */
template <bool HALF, int COLS>
__device__ __forceinline__ void load_row(const gdk_direct &p, const quad<HALF> *image, int h,
                                         int v, int dilation, quad<HALF> (&x)[COLS]) {
    const bool        in = (unsigned)h < (unsigned)p.H;
    const quad<HALF> *line = image + ((int64_t)h * p.W + v) * (p.x_pitch / V);
#pragma unroll
    for (int i = 0; i < COLS; i++) {
        x[i] = {};
        if (in && (unsigned)(v + i * dilation) < (unsigned)p.W)
            x[i] = line[(int64_t)i * dilation * (p.x_pitch / V)];
    }
}

/* R x R filters. Windows of more than one pixel have stride ST and no dilation; a window of one
 * has the launch's. Row y + r of the input window meets row r of the filter in row y of the
 * output: the window's rows move up as r grows, and the next one is on its way meanwhile. */
template <bool HALF, int R, int ST, int TP, int TQ>
__global__ void __launch_bounds__(THREADS, TP *TQ > 1 ? 3 : 5)
    conv2d_depthwise(const __grid_constant__ gdk_direct p, int tiles_p, int tiles_q) {
    static_assert(TP == 1 || ST == 1, "output rows share input rows that are neighbours");
    constexpr int COLS = (TQ - 1) * ST + R, UNROLL = R == 3 ? R : 1;
    const int     vectors = p.C / V, down = TP * TQ == 1 ? p.dilation[0] : 1;
    const int     across = TP * TQ == 1 ? p.dilation[1] : 1;
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    const int64_t tile = i / vectors, line = tile / tiles_q;
    if (line >= (int64_t)p.N * tiles_p) return;
    const int         c = (int)(i - tile * vectors) * V, q0 = (int)(tile - line * tiles_q) * TQ;
    const int         n = (int)(line / tiles_p), p0 = (int)(line - (int64_t)n * tiles_p) * TP;
    const int         h0 = p0 * p.stride[0] - p.pad[0], v0 = q0 * p.stride[1] - p.pad[1];
    const float4     *w = (const float4 *)p.w + c / V;
    const quad<HALF> *image =
        (const quad<HALF> *)p.x + (int64_t)n * p.H * p.W * (p.x_pitch / V) + c / V;
    quad<HALF> x[TP][COLS], next[COLS];
    float      sum[TP * TQ][V] = {};
#pragma unroll
    for (int y = 0; y + 1 < TP; y++)
        load_row<HALF>(p, image, h0 + y * down, v0, across, x[y + 1]);
    load_row<HALF>(p, image, h0 + (TP - 1) * down, v0, across, next);
#pragma unroll UNROLL
    for (int r = 0; r < R; r++, w += R * vectors) {
#pragma unroll
        for (int j = 0; j < COLS; j++) {
#pragma unroll
            for (int y = 0; y + 1 < TP; y++) x[y][j] = x[y + 1][j];
            x[TP - 1][j] = next[j];
        }
        if (r + 1 < R) load_row<HALF>(p, image, h0 + (r + TP) * down, v0, across, next);
        float4 f[R];
#pragma unroll
        for (int s = 0; s < R; s++) f[s] = __ldg(w + s * vectors);
#pragma unroll
        for (int y = 0; y < TP; y++) {
            float v[COLS][V];
#pragma unroll
            for (int j = 0; j < COLS; j++) x[y][j].get(v[j]);
#pragma unroll
            for (int s = 0; s < R; s++)
#pragma unroll
                for (int z = 0; z < TQ; z++) add_product(sum[y * TQ + z], v[z * ST + s], f[s]);
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
    conv2d_depthwise_any(const __grid_constant__ gdk_direct p) {
    const int     vectors = p.C / V;
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    const int64_t pixel = i / vectors, line = pixel / p.Q;
    if (line >= (int64_t)p.N * p.P) return;
    const int         c = (int)(i - pixel * vectors) * V, n = (int)(line / p.P);
    const int         h0 = (int)(line - (int64_t)n * p.P) * p.stride[0] - p.pad[0];
    const int         v0 = (int)(pixel - line * p.Q) * p.stride[1] - p.pad[1];
    const float4     *w = (const float4 *)p.w + c / V;
    const quad<HALF> *image =
        (const quad<HALF> *)p.x + (int64_t)n * p.H * p.W * (p.x_pitch / V) + c / V;
    float sum[1][V] = {};
    for (int r = 0; r < p.R; r++)
        for (int s = 0; s < p.S; s++) {
            quad<HALF> x[1];
            float      v[V];
            load_row<HALF>(p, image, h0 + r * p.dilation[0], v0 + s * p.dilation[1], 1, x);
            x[0].get(v);
            add_product(sum[0], v, __ldg(w + (int64_t)(r * p.S + s) * vectors));
        }
    gdk_epilogue_runs<V, 1>(p.e, sum, c, [&](int) -> int64_t { return pixel; });
}

/* A window kernel, where it is made for the filter and has threads enough. */
template <bool HALF, int R, int ST, int TP, int TQ>
bool windows(const gdk_direct *p, cudaStream_t stream) {
    const int     tiles_p = (p->P + TP - 1) / TP, tiles_q = (p->Q + TQ - 1) / TQ;
    const int64_t threads = (int64_t)p->N * tiles_p * tiles_q * (p->C / V);
    if (p->R != R || p->S != R) return false;
    if (TP * TQ > 1 && (p->stride[0] != ST || p->stride[1] != ST || p->dilation[0] != 1 ||
                        p->dilation[1] != 1 || threads < (int64_t)p->n_sm * 64))
        return false;
    conv2d_depthwise<HALF, R, ST, TP, TQ>
        <<<(unsigned)((threads + THREADS - 1) / THREADS), THREADS, 0, stream>>>(*p, tiles_p,
                                                                                tiles_q);
    return true;
}

template <bool HALF> cudaError_t launch(const gdk_direct *p, cudaStream_t stream) {
    const int64_t threads = (int64_t)p->N * p->P * p->Q * (p->C / V);
    constexpr int TQ = HALF ? 4 : 2;
    if (!windows<HALF, 3, 1, 2, TQ>(p, stream) && !windows<HALF, 3, 2, 1, TQ>(p, stream) &&
        !windows<HALF, 5, 1, 2, TQ>(p, stream) && !windows<HALF, 5, 2, 1, TQ>(p, stream) &&
        !windows<HALF, 3, 1, 1, 1>(p, stream) && !windows<HALF, 5, 1, 1, 1>(p, stream))
        conv2d_depthwise_any<HALF>
            <<<(unsigned)((threads + THREADS - 1) / THREADS), THREADS, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}

} // namespace

cudaError_t gdk_conv2d_dw_launch(const gdk_direct *p, cudaStream_t stream) {
    return p->half ? launch<true>(p, stream) : launch<false>(p, stream);
}
