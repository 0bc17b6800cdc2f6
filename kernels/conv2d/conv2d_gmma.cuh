/* conv2d_gmma.cuh -- convolution with the matrix instructions of Hopper (sm_90a).
 *
 * Bound as conv2d_mma.cuh is. A block of threads owns BM output pixels x BN filters and one
 * part of the reduction; four warps own 64 pixels of it in registers; a thread copies a fixed
 * 16-byte column of the operands' rows. While the tensor cores read one stage of the ring, the
 * copies of later stages are under way; a stage is filled again two blocks after its use, when
 * all warps have seen its products end. */
#ifndef GD_KERNELS_CONV2D_GMMA_CUH
#define GD_KERNELS_CONV2D_GMMA_CUH

#include "kernels/conv2d/conv2d_tile.cuh"
#include "kernels/cuda/hopper.cuh"

template <int TF32, int BM, int BN, int BLOCKS>
__global__ void __launch_bounds__(BM * 2, BLOCKS)
    conv2d_gmma(const __grid_constant__ gdk_conv2d_mma p) {
#if GDK_HOPPER
    constexpr int     ROWS = BM * 2 / GROUPS, AN = BM / ROWS, BR = BN / ROWS, NJ = BN / 8;
    constexpr int     STAGE = (BM + BN) * GD_CONV2D_ROW_BYTES, TO_B = BM * GD_CONV2D_ROW_BYTES;
    extern __shared__ __align__(1024) char smem[];

    const int tile = gdk_fastdiv_quotient(blockIdx.x, &p.by_split);
    const int part = blockIdx.x - tile * p.split;
    const int tile_m = gdk_fastdiv_quotient(tile, &p.by_n);
    const int m = tile_m * BM, k = (tile - tile_m * (int)p.by_n.d) * BN;
    const int begin = part * p.part, end = min(begin + p.part, p.blocks);

    const int      tid = threadIdx.x, warp = tid / 32;
    const uint32_t ring = gdk_smem_address(smem), ring_end = p.stages * STAGE;
    const uint32_t to =
        ring + tid / GROUPS * GD_CONV2D_ROW_BYTES + ((tid ^ tid / GROUPS) % GROUPS) * 16;
    const uint64_t rows_a = gdk_wgmma_operand(ring + tid / 128 * 64 * GD_CONV2D_ROW_BYTES);
    const uint64_t rows_b = gdk_wgmma_operand(ring + TO_B);

    source<ROWS, AN, BR> src;
    prefetch_filters<BM * 2, BN>(p, k, begin, end);
    src.start(p, m, k, begin);
    gdk_grid_wait();
    int      next = begin; /* block that is copied next, and its stage's offset */
    uint32_t fill = 0, stage = 0;
    for (int i = 0; i < p.stages - 2; i++, next++, fill += STAGE) {
        if (next < end) {
            src.copy_a(p, to + fill);
            src.copy_b(p, to + fill + TO_B);
            src.next(p);
        }
        gdk_copy_commit();
    }

    float acc[1][NJ][4];
    float(&d)[NJ * 4] = *(float(*)[NJ * 4]) acc;
#pragma unroll 1
    for (int block = begin; block < end; block++, next++) {
        gdk_copy_wait_but(p.stages - 3);
        gdk_tma_fence();
        __syncthreads();
        gdk_wgmma_begin();
#pragma unroll
        for (int step = 0; step < STEPS; step++) {
            const uint32_t at = (stage + step * 32) >> 4;
            const int      add = block > begin || step > 0;
            if constexpr (TF32)
                gdk_wgmma_tf32(d, rows_a + at, rows_b + at, add);
            else
                gdk_wgmma(d, rows_a + at, rows_b + at, add);
        }
        gdk_wgmma_commit();
        stage = stage + STAGE == ring_end ? 0 : stage + STAGE;
        if (next < end) {
            src.copy_a(p, to + fill);
            src.copy_b(p, to + fill + TO_B);
            src.next(p);
        }
        gdk_copy_commit();
        fill = fill + STAGE == ring_end ? 0 : fill + STAGE;
        gdk_wgmma_wait<1>();
    }
    gdk_wgmma_wait<0>();
    gdk_grid_release(); /* blocks brought up sooner would take room from clusters to come */
    gdk_copy_wait<0>();
    __syncthreads();
    if (p.split > 1 && p.cluster > 1) {
        meet<TF32 ? 4 : 8, BM * 2, BM, BN>(p, (float *)smem, part, m, k, warp * 16, 0, acc);
        return;
    }
    if (p.split > 1 && !gather<BM * 2>(p, tile, part, acc)) return;
    float *strip = (float *)smem + warp * strip_of<1, NJ>::FLOATS;
    finish<TF32 ? 4 : 8>(p, strip, m + warp * 16, k, acc);
#endif
}

template <int TF32, int BM, int BN, int BLOCKS> static cudaError_t ready_gmma() {
    return gdk_launch_ready(conv2d_gmma<TF32, BM, BN, BLOCKS>);
}

template <int TF32, int BM, int BN, int BLOCKS>
static cudaError_t launch_gmma(const gdk_conv2d_mma *p, cudaStream_t stream) {
    return gdk_launch(conv2d_gmma<TF32, BM, BN, BLOCKS>, dim3((unsigned)p->grid), BM * 2,
                      p->smem, stream, p->early, p->cluster, *p);
}

#endif
