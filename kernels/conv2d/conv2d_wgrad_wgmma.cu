/* conv2d_wgrad_wgmma.cu -- the gradient of weights on Hopper: TMA feeding wgmma (sm_90a).
 *
 * Bound by the tensor cores where K, C >= 128, by memory below. One persistent block an SM
 * walks over work items (range of pixels, tile of dw), tiles of one range at once, so that what
 * they share comes from L2. A step takes 64 pixels: boxes of 64 pixels x 64 filters of dy and,
 * for each 64 columns (one tap, 64 channels), the pixels of x under that tap, zeros outside the
 * picture. Both lie with the reduction as the slow axis: wgmma reads them transposed. One
 * thread keeps the ring of stages full, also across items; two warpgroups own the sums, each
 * half of the tile's filters, or of its columns where a tile has 64 filters. */
#include "kernels/conv2d/conv2d_wgrad.h"
#include "kernels/cuda/hopper.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/mma.cuh"

namespace {

enum { THREADS = 384, CONSUMERS = 256, BOX = 64 * 128, DEPTH = 64 };

/* MB blocks of 64 filters, NB of 64 columns. */
template <int MB, int NB> struct shape {
    static constexpr int stage_bytes = (MB + NB) * BOX;
    static constexpr int stages = 220 * 1024 / stage_bytes < 8 ? 220 * 1024 / stage_bytes : 8;
    static constexpr int bytes = 1024 + stages * stage_bytes + 16 * stages;
};

#if GDK_HOPPER

/* One work item: blocks of filters and of columns, and its steps [from, to). */
struct item {
    int split, m, n, from, to;
};

template <int MB, int NB>
__device__ __forceinline__ item item_of(const gdk_wgrad_wgmma &a, int i) {
    item      t;
    const int tile = i % a.tiles, down = tile % a.tiles_k;
    t.split = i / a.tiles;
    t.m = down * MB;
    t.n = tile / a.tiles_k * NB;
    t.from = (int)((int64_t)a.steps * t.split / a.splits);
    t.to = (int)((int64_t)a.steps * (t.split + 1) / a.splits);
    return t;
}

/* Channel and tap of a block of columns. */
struct column {
    int c, right, down;
};

__device__ __forceinline__ column column_of(const gdk_wgrad_wgmma &a, int block) {
    const int tap = block / a.blocks_a_tap, r = tap / a.S;
    return {(block - tap * a.blocks_a_tap) * 64, (tap - r * a.S) * a.dil_w, r * a.dil_h};
}

template <int MB, int NB>
__device__ __forceinline__ void produce(const gdk_wgrad_wgmma &a, uint32_t smem, uint32_t full,
                                        uint32_t empty) {
    constexpr int                   BYTES = shape<MB, NB>::stage_bytes;
    gdk_ring<shape<MB, NB>::stages> r;
    for (int i = blockIdx.x; i < a.tiles * a.splits; i += gridDim.x) {
        const item t = item_of<MB, NB>(a, i);
        const int  some = min(NB, a.blocks - t.n);
        column     col[NB];
#pragma unroll
        for (int b = 0; b < NB; b++) col[b] = column_of(a, t.n + min(b, some - 1));
        for (int k = t.from; k < t.to; k++) {
            const uint32_t at = smem + r.stage * BYTES, bar = full + 8 * r.stage;
            const int      m = k * DEPTH, n = m / a.PQ, in_plane = m - n * a.PQ;
            const int      p = in_plane / a.Q;
            const int      h = p * a.stride_h - a.pad_h;
            const int      w = (in_plane - p * a.Q) * a.stride_w - a.pad_w;
            gdk_bar_wait(empty + 8 * r.stage, r.parity ^ 1);
            gdk_bar_expect(bar, (uint32_t)(MB + some) * BOX);
#pragma unroll
            for (int b = 0; b < MB; b++)
                gdk_tma_tile(at + b * BOX, &a.dy, bar, (t.m + b) * 64, m);
#pragma unroll
            for (int b = 0; b < NB; b++)
                if (b < some)
                    gdk_tma_im2col(at + (MB + b) * BOX, &a.x, bar, col[b].c, w, h, n,
                                   col[b].right, col[b].down);
            r.next();
        }
    }
}

/* A warpgroup's sums to their places in part: 64 filters from k0 on, OWN blocks of columns. */
template <int OWN>
__device__ __forceinline__ void store(const gdk_wgrad_wgmma &a, const float (&d)[OWN * 32],
                                      int k0, int block, int split) {
    const int     lane = threadIdx.x % 32, depth = a.taps * a.C;
    const int     k = k0 + threadIdx.x / 32 % 4 * 16 + lane / 4;
    const int64_t row = (int64_t)(split * (int64_t)a.K + k) * depth;
#pragma unroll
    for (int b = 0; b < OWN; b++) {
        if (block + b >= a.blocks) return;
        const int tap = (block + b) / a.blocks_a_tap;
        const int c0 = (block + b - tap * a.blocks_a_tap) * 64 + lane % 4 * 2;
        float    *to = a.part + row + tap * a.C + c0;
#pragma unroll
        for (int j = 0; j < 8; j++) {
            const float *f = &d[b * 32 + j * 4];
            if (c0 + 8 * j >= a.C) break;
            if (k < a.K) *(float2 *)(to + 8 * j) = make_float2(f[0], f[1]);
            if (k + 8 < a.K)
                *(float2 *)(to + 8 * (int64_t)depth + 8 * j) = make_float2(f[2], f[3]);
        }
    }
}

template <int MB, int NB>
__device__ __forceinline__ void consume(const gdk_wgrad_wgmma &a, uint32_t smem, uint32_t full,
                                        uint32_t empty) {
    constexpr int OWN = MB == 2 ? NB : NB / 2; /* blocks of columns of a warpgroup */
    constexpr int BYTES = shape<MB, NB>::stage_bytes;
    const int     group = (int)threadIdx.x / 128 - 1, lane = threadIdx.x % 32;
    const int     first = MB == 2 ? 0 : group * OWN; /* block of columns */
    gdk_ring<shape<MB, NB>::stages> r;
    float                           d[OWN * 32];
    for (int i = blockIdx.x; i < a.tiles * a.splits; i += gridDim.x) {
        const item t = item_of<MB, NB>(a, i);
        int        last = -1;
        for (int k = t.from; k < t.to; k++) {
            const uint32_t at = smem + r.stage * BYTES;
            gdk_bar_wait(full + 8 * r.stage, r.parity);
            const uint64_t dy = gdk_wgmma_columns(at + (MB == 2 ? group : 0) * BOX);
            const uint64_t x = gdk_wgmma_columns(at + (MB + first) * BOX);
            gdk_wgmma_begin();
#pragma unroll
            for (int q = 0; q < 4; q++) /* of 16 pixels: 2048 bytes further */
                gdk_wgmma_trans(d, dy + q * 128, x + q * 128, k > t.from || q > 0);
            gdk_wgmma_commit();
            gdk_wgmma_wait<1>();
            if (last >= 0 && lane == 0) gdk_bar_arrive(empty + 8 * last);
            last = r.stage;
            r.next();
        }
        gdk_wgmma_wait<0>();
        if (lane == 0) gdk_bar_arrive(empty + 8 * last);
        store<OWN>(a, d, (t.m + (MB == 2 ? group : 0)) * 64, t.n + first, t.split);
    }
}

#endif

template <int MB, int NB>
__global__ void __launch_bounds__(THREADS, 1)
    conv2d_wgrad_wgmma(const __grid_constant__ gdk_wgrad_wgmma a) {
#if GDK_HOPPER
    constexpr int                   STAGES = shape<MB, NB>::stages;
    extern __shared__ unsigned char memory[];
    const uint32_t                  smem = (gdk_smem_address(memory) + 1023) & ~1023u;
    const uint32_t full = smem + STAGES * shape<MB, NB>::stage_bytes, empty = full + 8 * STAGES;
    if (threadIdx.x == 0) {
        for (int i = 0; i < STAGES; i++) {
            gdk_bar_init(full + 8 * i, 1);
            gdk_bar_init(empty + 8 * i, CONSUMERS / 32);
        }
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
        gdk_tma_prefetch(&a.x);
        gdk_tma_prefetch(&a.dy);
    }
    __syncthreads();
    gdk_grid_wait();
    if (threadIdx.x < THREADS - CONSUMERS) {
        asm volatile("setmaxnreg.dec.sync.aligned.u32 72;");
        if (threadIdx.x == 0) produce<MB, NB>(a, smem, full, empty);
    } else {
        asm volatile("setmaxnreg.inc.sync.aligned.u32 216;");
        consume<MB, NB>(a, smem, full, empty);
    }
    gdk_grid_release();
#endif
}

template <int MB, int NB> cudaError_t ready() {
    return gdk_launch_ready(conv2d_wgrad_wgmma<MB, NB>);
}

template <int MB, int NB>
cudaError_t launch(const gdk_wgrad_wgmma *a, int n_sm, cudaStream_t stream) {
    const int64_t work = (int64_t)a->tiles * a->splits;
    return gdk_launch(conv2d_wgrad_wgmma<MB, NB>, dim3((unsigned)(work < n_sm ? work : n_sm)),
                      THREADS, shape<MB, NB>::bytes, stream, true, 1, *a);
}

} // namespace

extern "C" cudaError_t gdk_wgrad_wgmma_ready(int tile) {
    return tile == 0 ? ready<2, 4>() : tile == 1 ? ready<2, 2>() : ready<1, 4>();
}

extern "C" cudaError_t gdk_wgrad_wgmma_launch(const gdk_wgrad_wgmma *a, int n_sm,
                                              cudaStream_t stream) {
    if (a->tile == 0) return launch<2, 4>(a, n_sm, stream);
    if (a->tile == 1) return launch<2, 2>(a, n_sm, stream);
    return launch<1, 4>(a, n_sm, stream);
}
