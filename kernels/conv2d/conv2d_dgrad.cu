/* conv2d_dgrad.cu -- weights turned round for the gradient of the input, and its phases put
 * together.
 *
 * Both are bound by memory. Of the first a block owns 32 filters x 32 channels of one tap,
 * which it reads along channels and writes along filters; of the second part of a row of
 * pixels, and a thread runs of eight channels of them, or four. */
#include "kernels/conv2d/conv2d_dgrad.h"
#include "kernels/conv2d/conv2d_phase.h"
#include "kernels/cuda/epilogue.cuh"

namespace {

enum { TILE = 32, ROWS = 8, THREADS = 256 };

template <class T>
__global__ void __launch_bounds__(TILE *ROWS)
    dgrad_turn(const __grid_constant__ gdk_dgrad_turn p) {
    __shared__ T  tile[TILE][TILE + 1];
    const int     taps = p.R * p.S, group = blockIdx.z / taps, tap = blockIdx.z - group * taps;
    const int     r = tap / p.S, s = tap - r * p.S, filters = p.K / p.groups;
    int           i, j; /* places among the taps of a phase */
    const int     a = gdk_phase_of_tap(p.R, p.stride[0], p.pad[0], p.dilation[0], r, &i);
    const int     b = gdk_phase_of_tap(p.S, p.stride[1], p.pad[1], p.dilation[1], s, &j);
    const int     down = p.stride[0] / gdk_phase_gcd(p.stride[0], p.dilation[0]);
    const int     across = p.stride[1] / gdk_phase_gcd(p.stride[1], p.dilation[1]);
    const int     rows = (p.R - 1 - r % down) / down + 1;
    const int     cols = (p.S - 1 - s % across) / across + 1;
    const int64_t at = p.at[a * p.stride[1] + b];
    if (at < 0) return;
    const int k0 = blockIdx.x * TILE, c0 = blockIdx.y * TILE;
    const T  *w = (const T *)p.w + ((int64_t)group * filters * taps + tap) * p.w_pitch;
    T *to = (T *)p.to + at + ((int64_t)group * p.C * rows * cols + i * cols + j) * p.pitch;
    const int c = c0 + threadIdx.x, k = k0 + threadIdx.x;
#pragma unroll
    for (int y = threadIdx.y; y < TILE; y += ROWS)
        tile[y][threadIdx.x] =
            k0 + y < filters && c < p.C ? w[(int64_t)(k0 + y) * taps * p.w_pitch + c] : T(0);
    __syncthreads();
#pragma unroll
    for (int y = threadIdx.y; y < TILE; y += ROWS)
        if (c0 + y < p.C && k < p.pitch)
            to[(int64_t)(c0 + y) * rows * cols * p.pitch + k] = tile[threadIdx.x][y];
}

template <int V>
__global__ void __launch_bounds__(THREADS, 4)
    dgrad_join(const __grid_constant__ gdk_dgrad_join p) {
    const int     sh = p.stride[0], sw = p.stride[1], wide = p.e.out_wide;
    const int     n = (int)blockIdx.x / p.H, h = (int)blockIdx.x - n * p.H, a = h % sh;
    const int64_t rows = (p.H - a + sh - 1) / sh;
    const int     count = p.W * (int)p.by_runs.d;
    for (int i = (int)(blockIdx.y * THREADS + threadIdx.x); i < count;
         i += (int)gridDim.y * THREADS) {
        const int     w = gdk_fastdiv_quotient(i, &p.by_runs), b = w % sw;
        const int     c = (i - w * (int)p.by_runs.d) * V;
        const int64_t at = p.at[a * sw + b], cols = (p.W - b + sw - 1) / sw;
        const int64_t from = at + ((n * rows + h / sh) * cols + w / sw) * p.C + c;
        float         v[V] = {};
        if (at == -2) continue;
        if (at >= 0 && p.C % V == 0)
            gdk_run_get<V>(
                v, gdk_run_load<V>((const char *)p.from + (from << (1 + wide)), wide), wide);
        else if (at >= 0)
#pragma unroll
            for (int j = 0; j < V; j++)
                if (c + j < p.C) v[j] = gdk_element(p.from, from + j, wide);
        gdk_epilogue_run<V>(p.e, v, (int64_t)blockIdx.x * p.W + w, c, p.C);
    }
}

} // namespace

extern "C" cudaError_t gdk_dgrad_turn_launch(const gdk_dgrad_turn *p, cudaStream_t stream) {
    const dim3 grid((unsigned)((p->pitch + TILE - 1) / TILE),
                    (unsigned)((p->C + TILE - 1) / TILE), (unsigned)(p->R * p->S * p->groups));
    if (p->wide)
        dgrad_turn<float><<<grid, dim3(TILE, ROWS), 0, stream>>>(*p);
    else
        dgrad_turn<uint16_t><<<grid, dim3(TILE, ROWS), 0, stream>>>(*p);
    return cudaPeekAtLastError();
}

extern "C" cudaError_t gdk_dgrad_join_launch(const gdk_dgrad_join *p, cudaStream_t stream) {
    enum { EACH = 4 };
    gdk_dgrad_join j = *p;
    const int      V = p->C % 8 ? 4 : 8, runs = (p->C + V - 1) / V;
    const int64_t  row = ((int64_t)p->W * runs + EACH * THREADS - 1) / (EACH * THREADS);
    const dim3     grid((unsigned)(p->N * p->H), (unsigned)(row < 65535 ? row : 65535));
    j.by_runs = gdk_fastdiv_by(runs);
    if (V == 8)
        dgrad_join<8><<<grid, THREADS, 0, stream>>>(j);
    else
        dgrad_join<4><<<grid, THREADS, 0, stream>>>(j);
    return cudaPeekAtLastError();
}
