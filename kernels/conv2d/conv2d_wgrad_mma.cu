/* conv2d_wgrad_mma.cu -- the gradient of a convolution's weights on tensor cores, F16 operands.
 *
 * Bound by the tensor cores, below 64 filters or channels by copies. A block of threads owns BM
 * filters x BN columns (taps and channels) of dw for one range of the pixels; a warp owns WM x
 * WN of it in registers; a thread copies one 16-byte column of dy and one of x. A stage of the
 * ring in shared memory holds STEP pixels: for each 64 filters or columns, rows of 128 bytes, a
 * pixel each, whose 16-byte group j lies at j ^ (row % 8); fragments are read transposed. */
#include "kernels/conv2d/conv2d_wgrad.cuh"
#include "kernels/conv2d/conv2d_wgrad_pick.h"
#include "kernels/cuda/launch.cuh"

namespace {

enum { STEP = GDK_WGRAD_STEP, PANEL = STEP * 128 };

template <int BM, int BN, int WM, int WN, int BLOCKS>
__global__ void __launch_bounds__(BM / WM * (BN / WN) * 32, BLOCKS)
    conv2d_wgrad_mma(const __grid_constant__ gdk_wgrad p) {
    static_assert(BM == BN, "a thread copies as much of dy as of x");
    constexpr int THREADS = BM / WM * (BN / WN) * 32, ACROSS = BM / 8, ROWS = THREADS / ACROSS;
    constexpr int MI = WM / 16, NI = WN / 16;
    constexpr int TO_X = BM / 64 * PANEL, STAGE = TO_X + BN / 64 * PANEL;
    extern __shared__ __align__(1024) char smem[];
    const gdk_wgrad_item                   t = gdk_wgrad_item_of<BM, BN>(p, blockIdx.x);

    const int      tid = threadIdx.x, lane = tid % 32, warp = tid / 32;
    const int      wm = warp % (BM / WM) * WM, wn = warp / (BM / WM) * WN;
    const int      group = tid % ACROSS, row = tid / ACROSS;
    const uint32_t ring = gdk_smem_address(smem), ring_end = p.stages * STAGE;
    /* rows that a thread copies are a multiple of 8 apart: one swizzle for all of them */
    static_assert(ROWS % 8 == 0, "rows of a thread share their place in a group of eight");
    const uint32_t to = ring + group / 8 * PANEL + row * 128 + ((group ^ row) % 8) * 16;
    /* ldmatrix: lane i gives row i % 8 of matrix i / 8, the second and the third of which are
     * of dy the next filters and the next pixels, of x the next pixels and the next columns */
    const uint32_t at_dy = ring + wm / 64 * PANEL + (lane / 16 * 8 + lane % 8) * 128 +
                           ((wm % 64 / 8 + (lane >> 3 & 1)) ^ lane % 8) * 16;
    const uint32_t at_x = ring + TO_X + wn / 64 * PANEL +
                          ((lane >> 3 & 1) * 8 + lane % 8) * 128 +
                          ((wn % 64 / 8 + lane / 16) ^ lane % 8) * 16;

    gdk_wgrad_feed src;
    src.start<8>(p, t.k / 8 + group, t.n / 8 + group);
    gdk_grid_wait();
    int      next = t.from;
    uint32_t fill = 0, stage = 0;
    float    acc[MI][2 * NI][4] = {};
#pragma unroll 1
    for (int step = t.from - (p.stages - 1); step < t.to; step++) {
        if (step >= t.from) {
            gdk_copy_wait_but(p.stages - 2);
            __syncthreads();
        }
        if (next < t.to) {
#pragma unroll
            for (int i = 0; i < STEP / ROWS; i++)
                src.copy(p, next * STEP + row + i * ROWS, to + fill + i * ROWS * 128,
                         to + fill + TO_X + i * ROWS * 128);
            next++;
        }
        gdk_copy_commit();
        fill = fill + STAGE == ring_end ? 0 : fill + STAGE;
        if (step < t.from) continue;
#pragma unroll
        for (int kk = 0; kk < STEP / 16; kk++) {
            uint32_t a[MI][4], b[NI][4];
#pragma unroll
            for (int i = 0; i < MI; i++)
                gdk_ldmatrix4_trans(a[i], ((at_dy + stage) ^ i * 32) + kk * 2048);
#pragma unroll
            for (int i = 0; i < NI; i++)
                gdk_ldmatrix4_trans(b[i], ((at_x + stage) ^ i * 32) + kk * 2048);
#pragma unroll
            for (int i = 0; i < MI; i++)
#pragma unroll
                for (int j = 0; j < 2 * NI; j++)
                    gdk_mma_f16(acc[i][j], a[i], b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
        }
        stage = stage + STAGE == ring_end ? 0 : stage + STAGE;
    }
    gdk_copy_wait<0>();
    gdk_grid_release();
#pragma unroll
    for (int j = 0; j < 2 * NI; j++)
#pragma unroll
        for (int i = 0; i < MI; i++) {
            const float(&v)[4] = acc[i][j];
            const int   k = t.k + wm + i * 16 + lane / 4, of_x = (t.n + wn) / 8 + j;
            const float lo[2] = {v[0], v[1]}, hi[2] = {v[2], v[3]};
            gdk_wgrad_store<2, 8>(p, t.split, k, of_x, lane % 4 * 2, lo);
            gdk_wgrad_store<2, 8>(p, t.split, k + 8, of_x, lane % 4 * 2, hi);
        }
}

template <int BM, int BN, int WM, int WN, int BLOCKS> cudaError_t ready() {
    return gdk_launch_ready(conv2d_wgrad_mma<BM, BN, WM, WN, BLOCKS>);
}

template <int BM, int BN, int WM, int WN, int BLOCKS>
cudaError_t launch(const gdk_wgrad *p, cudaStream_t stream) {
    conv2d_wgrad_mma<BM, BN, WM, WN, BLOCKS>
        <<<(unsigned)(p->tiles * p->splits), BM / WM *(BN / WN) * 32,
           p->stages *(BM + BN) / 64 * PANEL, stream>>>(*p);
    return cudaPeekAtLastError();
}

} // namespace

extern "C" cudaError_t gdk_wgrad_mma_ready(int tile) {
    return tile == 0 ? ready<128, 128, 64, 64, 2>() : ready<64, 64, 32, 32, 4>();
}

extern "C" cudaError_t gdk_wgrad_mma_launch(const gdk_wgrad *p, cudaStream_t stream) {
    if (p->tile == 0) return launch<128, 128, 64, 64, 2>(p, stream);
    return launch<64, 64, 32, 32, 4>(p, stream);
}
