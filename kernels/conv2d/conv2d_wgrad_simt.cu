/* conv2d_wgrad_simt.cu -- the gradient of a convolution's weights in strict FP32 on CUDA cores.
 *
 * Bound by FFMA issue. A block of threads owns TILE filters x TILE columns (taps and channels)
 * of dw for one range of the pixels, a warp 64 x 32 of it, a thread 8 x 8 in four quarters of
 * 4 x 4. A stage of the ring in shared memory holds STEP pixels: of each a row of TILE floats
 * of dy and one of x. The pixels are the reduction, so a 16-byte read gives four filters, or
 * columns, of one pixel. */
#include "kernels/conv2d/conv2d_wgrad.cuh"
#include "kernels/conv2d/conv2d_wgrad_pick.h"

namespace {

enum { STEP = GDK_WGRAD_STEP_SIMT, RING = 3 };

__device__ __forceinline__ float4 read16(const float *p) { return *(const float4 *)p; }

template <int TILE, int BLOCKS>
__global__ void __launch_bounds__(TILE *TILE / 64, BLOCKS)
    conv2d_wgrad_simt(const __grid_constant__ gdk_wgrad p) {
    constexpr int THREADS = TILE * TILE / 64, ACROSS = TILE / 4, ROWS = THREADS / ACROSS;
    constexpr int ROW = TILE * 4, TO_X = STEP * ROW, STAGE = 2 * TO_X;
    __shared__ __align__(16) char smem[RING * STAGE];
    const gdk_wgrad_item          t = gdk_wgrad_item_of<TILE, TILE>(p, blockIdx.x);

    const int      tid = threadIdx.x, lane = tid % 32, warp = tid / 32;
    const int      wm = warp % (TILE / 64) * 64, wn = warp / (TILE / 64) * 32;
    const int      lm = lane % 8 * 4, ln = lane / 8 * 4;
    const int      group = tid % ACROSS, row = tid / ACROSS;
    const uint32_t to = gdk_smem_address(smem) + row * ROW + group * 16;
    gdk_wgrad_feed src;
    src.start<4>(p, t.k / 4 + group, t.n / 4 + group);

    float acc[2][2][4][4] = {};
    int   next = t.from, fill = 0, stage = 0;
#pragma unroll 1
    for (int step = t.from - (RING - 1); step < t.to; step++) {
        if (step >= t.from) {
            gdk_copy_wait<RING - 2>();
            __syncthreads();
        }
        if (next < t.to) {
#pragma unroll
            for (int i = 0; i < STEP / ROWS; i++)
                src.copy(p, next * STEP + row + i * ROWS, to + fill + i * ROWS * ROW,
                         to + fill + TO_X + i * ROWS * ROW);
            next++;
        }
        gdk_copy_commit();
        fill = fill + STAGE == RING * STAGE ? 0 : fill + STAGE;
        if (step < t.from) continue;
        const float *dy = (const float *)(smem + stage) + wm + lm;
        const float *x = (const float *)(smem + stage + TO_X) + wn + ln;
#pragma unroll 2
        for (int i = 0; i < STEP; i++, dy += TILE, x += TILE) {
            const float4 a[2] = {read16(dy), read16(dy + 32)};
            const float4 b[2] = {read16(x), read16(x + 16)};
#pragma unroll
            for (int q = 0; q < 4; q++) {
                const float4 &f = a[q / 2], &g = b[q % 2];
                float(&d)[4][4] = acc[q / 2][q % 2];
                const float u[4] = {f.x, f.y, f.z, f.w}, v[4] = {g.x, g.y, g.z, g.w};
#pragma unroll
                for (int j = 0; j < 16; j++)
                    d[j / 4][j % 4] = fmaf(u[j / 4], v[j % 4], d[j / 4][j % 4]);
            }
        }
        stage = stage + STAGE == RING * STAGE ? 0 : stage + STAGE;
    }
    gdk_copy_wait<0>();
#pragma unroll
    for (int i = 0; i < 16; i++)
        gdk_wgrad_store<4, 4>(p, t.split, t.k + wm + lm + i / 8 * 32 + i % 4,
                              (t.n + wn + ln) / 4 + i / 4 % 2 * 4, 0,
                              acc[i / 8][i / 4 % 2][i % 4]);
}

} // namespace

extern "C" cudaError_t gdk_wgrad_simt_launch(const gdk_wgrad *p, cudaStream_t stream) {
    const unsigned grid = (unsigned)(p->tiles * p->splits);
    if (p->tile == 0)
        conv2d_wgrad_simt<128, 2><<<grid, 256, 0, stream>>>(*p);
    else
        conv2d_wgrad_simt<64, 6><<<grid, 64, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}
