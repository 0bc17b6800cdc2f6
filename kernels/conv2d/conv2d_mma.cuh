/* conv2d_mma.cuh -- convolution as a product of matrices on tensor cores (implicit GEMM).
 *
 * Bound by the tensor cores where R * S * C is large, by memory in 1x1 layers. A block of
 * threads owns BM output pixels x BN filters and one part of the reduction; a warp owns WM x WN
 * of it in registers; a thread copies a fixed 16-byte column of the operands' rows. A ring of
 * stages in shared memory is filled by asynchronous copies; fragments are loaded one step ahead
 * of their use. */
#ifndef GD_KERNELS_CONV2D_MMA_CUH
#define GD_KERNELS_CONV2D_MMA_CUH

#include "kernels/conv2d/conv2d_tile.cuh"

/* The operands of one step of a warp: MI blocks of 16 pixels, NI of 16 filters, 32 bytes
 * each. */
template <int TF32, int MI, int NI> struct fragments {
    uint32_t a[MI][4], b[NI][4];

    __device__ __forceinline__ void load(uint32_t at_a, uint32_t at_b, int step) {
#pragma unroll
        for (int i = 0; i < MI; i++)
            gdk_ldmatrix4(a[i], (at_a ^ step * 32) + i * 16 * GD_CONV2D_ROW_BYTES);
#pragma unroll
        for (int i = 0; i < NI; i++)
            gdk_ldmatrix4(b[i], (at_b ^ step * 32) + i * 16 * GD_CONV2D_ROW_BYTES);
        if constexpr (TF32) {
#pragma unroll
            for (int j = 0; j < 4; j++) {
#pragma unroll
                for (int i = 0; i < MI; i++) a[i][j] = gdk_tf32(a[i][j]);
#pragma unroll
                for (int i = 0; i < NI; i++) b[i][j] = gdk_tf32(b[i][j]);
            }
        }
    }

    __device__ __forceinline__ void multiply(float (&acc)[MI][2 * NI][4]) const {
#pragma unroll
        for (int i = 0; i < MI; i++)
#pragma unroll
            for (int j = 0; j < 2 * NI; j++) {
                const uint32_t b0 = b[j / 2][j % 2 * 2], b1 = b[j / 2][j % 2 * 2 + 1];
                if constexpr (TF32)
                    gdk_mma_tf32(acc[i][j], a[i], b0, b1);
                else
                    gdk_mma_f16(acc[i][j], a[i], b0, b1);
            }
    }
};

/* Whether a step's products come after the next step's loads. Without asynchronous copies the
 * registers that this takes hold what is being copied. */
#if __CUDA_ARCH__ >= 800
static constexpr bool AHEAD = true;
#else
static constexpr bool AHEAD = false;
#endif

template <int TF32, int BM, int BN, int WM, int WN, int BLOCKS>
__global__ void __launch_bounds__(BM / WM * (BN / WN) * 32, BLOCKS)
    conv2d_mma(const __grid_constant__ gdk_conv2d_mma p) {
    constexpr int     THREADS = BM / WM * (BN / WN) * 32, ROWS = THREADS / GROUPS;
    constexpr int     AN = BM / ROWS, BR = BN / ROWS, MI = WM / 16, NI = WN / 16;
    constexpr int     STAGE = (BM + BN) * GD_CONV2D_ROW_BYTES;
    extern __shared__ __align__(128) char smem[];

    const int tile = gdk_fastdiv_quotient(blockIdx.x, &p.by_split);
    const int part = blockIdx.x - tile * p.split;
    const int tile_m = gdk_fastdiv_quotient(tile, &p.by_n);
    const int m = tile_m * BM, k = (tile - tile_m * (int)p.by_n.d) * BN;
    const int begin = part * p.part, end = min(begin + p.part, p.blocks);

    /* Where this thread copies to, and where its warp's fragments begin, within a stage. */
    const int      tid = threadIdx.x, lane = tid % 32, warp = tid / 32;
    const int      wm = warp % (BM / WM) * WM, wn = warp / (BM / WM) * WN;
    const uint32_t ring = gdk_smem_address(smem);
    const uint32_t to =
        ring + tid / GROUPS * GD_CONV2D_ROW_BYTES + ((tid ^ tid / GROUPS) % GROUPS) * 16;
    const uint32_t at_a =
        ring + (wm + lane % 16) * GD_CONV2D_ROW_BYTES + ((lane >> 4 ^ lane) % GROUPS) * 16;
    const uint32_t at_b = ring + (BM + wn + lane % 8 + lane / 16 * 8) * GD_CONV2D_ROW_BYTES +
                          ((lane >> 3 & 1) ^ lane % 8) * 16;

    source<ROWS, AN, BR> src;
    prefetch_filters<THREADS, BN>(p, k, begin, end);
    src.start(p, m, k, begin);
    gdk_grid_wait();
    int            next = begin; /* block that is copied next, and its stage's offset */
    uint32_t       fill = 0;
    const uint32_t ring_end = p.stages * STAGE;
    for (int i = 0; i < p.stages - 1; i++, next++, fill += STAGE) {
        if (next < end) {
            src.copy_a(p, to + fill);
            src.copy_b(p, to + fill + BM * GD_CONV2D_ROW_BYTES);
            src.next(p);
        }
        gdk_copy_commit();
    }

    float                   acc[MI][2 * NI][4] = {};
    fragments<TF32, MI, NI> f[2];
    uint32_t                stage = 0;
    gdk_copy_wait_but(p.stages - 2);
    __syncthreads();
    f[0].load(at_a, at_b, 0);
#pragma unroll 1
    for (int block = begin; block < end; block++) {
#pragma unroll
        for (int step = 0; step < STEPS; step++) {
            if constexpr (!AHEAD) f[step % 2].multiply(acc);
            if (step == STEPS - 1) {
                /* All warps have this block in registers; the next one has arrived. */
                gdk_copy_wait_but(p.stages - 2);
                __syncthreads();
                stage = stage + STAGE == ring_end ? 0 : stage + STAGE;
            }
            f[(step + 1) % 2].load(at_a + stage, at_b + stage, (step + 1) % STEPS);
            if (step == 0 && next < end) {
                src.copy_a(p, to + fill);
            } else if (step == 1 && next < end) {
                src.copy_b(p, to + fill + BM * GD_CONV2D_ROW_BYTES);
                src.next(p);
            }
            if (step == 1) {
                gdk_copy_commit();
                next++;
                fill = fill + STAGE == ring_end ? 0 : fill + STAGE;
            }
            if constexpr (AHEAD) f[step % 2].multiply(acc);
        }
    }
    gdk_grid_release(); /* blocks brought up sooner would take room from clusters to come */
    gdk_copy_wait<0>();
    __syncthreads();
    if (p.split > 1 && p.cluster > 1) {
        meet<TF32 ? 4 : 8, THREADS, BM, BN>(p, (float *)smem, part, m, k, wm, wn, acc);
        return;
    }
    if (p.split > 1 && !gather<THREADS>(p, tile, part, acc)) return;
    float *strip = (float *)smem + warp * strip_of<MI, 2 * NI>::FLOATS;
    finish<TF32 ? 4 : 8>(p, strip, m + wm, k + wn, acc);
}

template <int TF32, int BM, int BN, int WM, int WN, int BLOCKS> static cudaError_t ready() {
    return gdk_launch_ready(conv2d_mma<TF32, BM, BN, WM, WN, BLOCKS>);
}

template <int TF32, int BM, int BN, int WM, int WN, int BLOCKS>
static cudaError_t launch(const gdk_conv2d_mma *p, cudaStream_t stream) {
    return gdk_launch(conv2d_mma<TF32, BM, BN, WM, WN, BLOCKS>, dim3((unsigned)p->grid),
                      BM / WM * (BN / WN) * 32, p->smem, stream, p->early, p->cluster, *p);
}

#endif
