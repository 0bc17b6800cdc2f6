/* conv2d_stem_f32.cu -- strict FP32 convolution of three-channel pictures.
 *
 * Bound by FFMA issue. A block of eight warps owns 8 x 32 output pixels and 64 filters, a warp
 * one row of 32, a thread eight neighbouring pixels and eight filters. The picture's patch
 * lies in shared memory as three planes, so that a thread holds the part of a row that its
 * pixels need and slides the filter's row over it; the weights of a tap are read as
 * broadcasts. */
#include "kernels/conv2d/conv2d_direct.h"
#include "kernels/conv2d/conv2d_stem_pick.h"
#include "kernels/cuda/epilogue.cuh"

namespace {

enum { TP = 8, TQ = 32, THREADS = 256, FILTERS = 64, C = 3, EACH = 8, V = 4 };

template <int R, int ST> struct stem_shape {
    static constexpr int ROWS = (TP - 1) * ST + R;
    static constexpr int NEED = (EACH - 1) * ST + R, WINDOW = (NEED + 3) / 4 * 4;
    static constexpr int COLS = (TQ - EACH) * ST + WINDOW; /* a multiple of four */
    static constexpr int WEIGHTS = R * R * C * FILTERS, PATCH = ROWS * C * COLS;
    static constexpr int BYTES = (WEIGHTS + PATCH) * 4;
};

template <int R, int ST>
__device__ __forceinline__ void load_patch(const gdk_direct &p, int n, int h0, int v0,
                                           float *patch) {
    using shape = stem_shape<R, ST>;
    const float *x = (const float *)p.x + (int64_t)n * p.H * p.W * p.x_pitch;
    for (int i = threadIdx.x; i < shape::ROWS * shape::COLS; i += THREADS) {
        const int    row = i / shape::COLS, col = i - row * shape::COLS;
        const int    h = h0 + row, v = v0 + col;
        const bool   in = (unsigned)h < (unsigned)p.H && (unsigned)v < (unsigned)p.W;
        const float *at = x + ((int64_t)h * p.W + v) * p.x_pitch;
#pragma unroll
        for (int c = 0; c < C; c++)
            patch[(row * C + c) * shape::COLS + col] = in ? at[c] : 0.0f;
    }
}

/* The products of one row of the filter with one plane of the patch. */
template <int R, int ST>
__device__ __forceinline__ void slide(const float *patch, const float *w,
                                      float (&sum)[2][EACH][V]) {
    float x[stem_shape<R, ST>::WINDOW];
#pragma unroll
    for (int i = 0; i < stem_shape<R, ST>::WINDOW / 4; i++) {
        const float4 f = ((const float4 *)patch)[i];
        x[4 * i] = f.x, x[4 * i + 1] = f.y, x[4 * i + 2] = f.z, x[4 * i + 3] = f.w;
    }
#pragma unroll
    for (int s = 0; s < R; s++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const float4 f = *(const float4 *)(w + s * FILTERS + half * 32);
#pragma unroll
            for (int i = 0; i < EACH; i++) {
                float *v = sum[half][i];
                v[0] = fmaf(x[i * ST + s], f.x, v[0]);
                v[1] = fmaf(x[i * ST + s], f.y, v[1]);
                v[2] = fmaf(x[i * ST + s], f.z, v[2]);
                v[3] = fmaf(x[i * ST + s], f.w, v[3]);
            }
        }
    }
}

template <int R, int ST>
__global__ void __launch_bounds__(THREADS)
    conv2d_stem_f32(const __grid_constant__ gdk_direct p, int tiles_p, int tiles_q) {
    using shape = stem_shape<R, ST>;
    extern __shared__ __align__(16) float smem[];
    float                                *w = smem, *patch = smem + shape::WEIGHTS;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, first = blockIdx.y * FILTERS;
    for (int i = threadIdx.x; i < shape::WEIGHTS / 4; i += THREADS)
        ((float4 *)w)[i] = ((const float4 *)p.w)[blockIdx.y * (shape::WEIGHTS / 4) + i];
    /* Eight lanes share pixels and have all filters between them. */
    const int    k = (lane & 7) * V, q = (lane >> 3) * EACH;
    const float *from = patch + warp * ST * C * shape::COLS + q * ST;
    for (int tile = blockIdx.x; tile < p.N * tiles_p * tiles_q; tile += gridDim.x) {
        const int n = tile / (tiles_p * tiles_q), in = tile - n * tiles_p * tiles_q;
        const int p0 = in / tiles_q * TP, q0 = in % tiles_q * TQ;
        __syncthreads();
        load_patch<R, ST>(p, n, p0 * ST - p.pad[0], q0 * ST - p.pad[1], patch);
        __syncthreads();
        float sum[2][EACH][V] = {};
#pragma unroll 1
        for (int i = 0; i < R * C; i++)
            slide<R, ST>(from + i * shape::COLS, w + i * R * FILTERS + k, sum);
        const int row = p0 + warp;
        if (row >= p.P) continue;
        const int64_t at = ((int64_t)n * p.P + row) * p.Q + q0 + q;
#pragma unroll
        for (int half = 0; half < 2; half++)
            if (first + half * 32 + k < p.K)
                gdk_epilogue_runs<V, EACH>(
                    p.e, sum[half], first + half * 32 + k,
                    [&](int i) -> int64_t { return q0 + q + i < p.Q ? at + i : -1; });
    }
}

template <int R, int ST> cudaError_t launch(const gdk_direct *p, cudaStream_t stream) {
    using shape = stem_shape<R, ST>;
    const int tiles_p = (p->P + TP - 1) / TP, tiles_q = (p->Q + TQ - 1) / TQ;
    const int blocks_k = (p->K + FILTERS - 1) / FILTERS;
    const int tiles = p->N * tiles_p * tiles_q;
    const int seats = 2 * p->n_sm, rounds = (tiles * blocks_k + seats - 1) / seats;
    if (shape::BYTES > 48 * 1024) {
        const cudaError_t e = cudaFuncSetAttribute(
            conv2d_stem_f32<R, ST>, cudaFuncAttributeMaxDynamicSharedMemorySize, shape::BYTES);
        if (e) return e;
    }
    conv2d_stem_f32<R, ST>
        <<<dim3((tiles + rounds - 1) / rounds, blocks_k), THREADS, shape::BYTES, stream>>>(
            *p, tiles_p, tiles_q);
    return cudaPeekAtLastError();
}

} // namespace

cudaError_t gdk_conv2d_stem_f32_launch(const gdk_direct *p, cudaStream_t stream) {
    if (p->R == 7) return launch<7, 2>(p, stream);
    if (p->R == 6) return launch<6, 2>(p, stream);
    if (p->stride[0] == 2) return launch<3, 2>(p, stream);
    return launch<3, 1>(p, stream);
}
