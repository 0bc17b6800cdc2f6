/* conv2d_dgrad.cu -- weights turned round for the gradient of the input, and its phases put
 * together.
 *
 * Both are bound by memory. Of the first a block owns 32 filters x 32 channels of one tap,
 * which it reads along channels and writes along filters; of the second a thread owns four
 * channels of one pixel. */
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

__global__ void __launch_bounds__(THREADS)
    dgrad_join(const __grid_constant__ gdk_dgrad_join p) {
    const int     runs = (p.C + 3) / 4, sh = p.stride[0], sw = p.stride[1];
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x, pixel = i / runs;
    const int     c = (int)(i - pixel * runs) * 4;
    if (pixel >= (int64_t)p.N * p.H * p.W) return;
    const int     n = (int)(pixel / ((int64_t)p.H * p.W));
    const int     in_plane = (int)(pixel - (int64_t)n * p.H * p.W);
    const int     h = in_plane / p.W, w = in_plane - h * p.W, a = h % sh, b = w % sw;
    const int64_t rows = (p.H - a + sh - 1) / sh, cols = (p.W - b + sw - 1) / sw;
    const int64_t at = p.at[a * sw + b];
    float         v[4] = {};
    if (at == -2) return;
    if (at >= 0) {
        const int64_t from = at + ((n * rows + h / sh) * cols + w / sw) * p.C + c;
        if (p.C % 4 == 0)
            gdk_run_get<4>(v,
                           gdk_run_load<4>((const char *)p.from + (from << (1 + p.e.out_wide)),
                                           p.e.out_wide),
                           p.e.out_wide);
        else
#pragma unroll
            for (int j = 0; j < 4; j++)
                if (c + j < p.C) v[j] = gdk_element(p.from, from + j, p.e.out_wide);
    }
    gdk_epilogue_run<4>(p.e, v, pixel, c, p.C);
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
    const int64_t work = (int64_t)p->N * p->H * p->W * ((p->C + 3) / 4);
    dgrad_join<<<(unsigned)((work + THREADS - 1) / THREADS), THREADS, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}
