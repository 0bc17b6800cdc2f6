/* conv2d_wgmma.cuh -- the Hopper convolution: TMA im2col feeding wgmma, one persistent block an
 * SM.
 *
 * Bound by the tensor cores for C, K >= 256, by device memory for 1x1 layers with few channels.
 * A block walks over work items (tile, range of the reduction). One thread of its first
 * warpgroup keeps a ring of shared-memory stages full, also across items, so that loads of the
 * next tile run under the epilogue of the last; two consumer warpgroups own 64 rows each, all
 * columns, in registers. Sums of a split tile meet in device memory: the block that brings the
 * last one adds them in their order. */
#ifndef GD_KERNELS_CONV2D_CONV2D_WGMMA_CUH
#define GD_KERNELS_CONV2D_CONV2D_WGMMA_CUH

#include "kernels/conv2d/conv2d_wgmma_exit.cuh"
#include "kernels/cuda/launch.cuh"

#if GDK_HOPPER

/* What a block reads of constants first, while the kernel before still runs. */
template <int COLS>
static __device__ __forceinline__ void prefetch_filters(const gdk_wgmma_args &a) {
    const item t = item_of(a, blockIdx.x);
    int        tap = t.from / a.steps_a_tap, block = t.from - tap * a.steps_a_tap;
    for (int k = t.from; k < min(t.to, t.from + shape<COLS>::stages); k++) {
        gdk_tma_prefetch_tile(&a.w, tap * a.C + block * GDK_WGMMA_DEPTH, t.n0);
        if (++block == a.steps_a_tap) {
            block = 0;
            tap++;
        }
    }
    const int cols = min(COLS, a.K - t.n0);
    if (a.e.bias && a.e.vec && cols >= 4) gdk_prefetch(a.e.bias + t.n0, cols / 4 * 16);
}

template <int COLS, int MODE>
static __device__ __forceinline__ void produce(const gdk_wgmma_args &a, uint32_t smem,
                                               uint32_t full, uint32_t empty) {
    constexpr int    STAGES = shape<COLS>::stages, BYTES = shape<COLS>::stage_bytes;
    gdk_ring<STAGES> r;
    for (int i = blockIdx.x; i < a.tiles * a.splits; i += gridDim.x) {
        const item t = item_of(a, i);
        const int  n = t.m0 / a.PQ, in_plane = t.m0 - n * a.PQ, p = in_plane / a.Q;
        const int h = p * a.stride_h - a.pad_h, w = (in_plane - p * a.Q) * a.stride_w - a.pad_w;
        int       tap = t.from / a.steps_a_tap, block = t.from - tap * a.steps_a_tap;
        int       down = tap / a.S, right = tap - down * a.S;
        for (int k = t.from; k < t.to; k++) {
            const uint32_t at = smem + r.stage * BYTES, bar = full + 8 * r.stage;
            gdk_bar_wait(empty + 8 * r.stage, r.parity ^ 1);
            gdk_bar_expect(bar, BYTES);
            gdk_tma_im2col(at, &a.x, bar, block * GDK_WGMMA_DEPTH, w, h, n, right * a.dil_w,
                           down * a.dil_h);
            if constexpr (MODE == TURNED) {
                const int col = a.w_first + down * a.w_down + right * a.w_right + t.n0;
#pragma unroll
                for (int c = 0; c < COLS / 64; c++)
                    gdk_tma_tile(at + A_BYTES + c * 8192, &a.w, bar, col + 64 * c,
                                 block * GDK_WGMMA_DEPTH);
            } else {
                gdk_tma_tile(at + A_BYTES, &a.w, bar, tap * a.C + block * GDK_WGMMA_DEPTH,
                             t.n0);
            }
            r.next();
            if (++block == a.steps_a_tap) {
                block = 0;
                tap++;
                if (++right == a.S) {
                    right = 0;
                    down++;
                }
            }
        }
    }
}

/* What is added to each tile comes into its tray once the tile before has left it. */
template <int COLS>
static __device__ __forceinline__ void bring_addends(const gdk_wgmma_args &a, uint32_t trays,
                                                     uint32_t full, uint32_t empty) {
    gdk_ring<shape<COLS>::trays> r;
    for (int i = blockIdx.x; i < a.tiles * a.splits; i += gridDim.x) {
        const item     t = item_of(a, i);
        const uint32_t at = trays + r.stage * shape<COLS>::tray_bytes, bar = full + 8 * r.stage;
        gdk_bar_wait(empty + 8 * r.stage, r.parity ^ 1);
        gdk_bar_expect(bar, shape<COLS>::tray_bytes);
        for (int c = 0; c < COLS / 64; c++)
            for (int half = 0; half < 2; half++)
                gdk_tma_tile(at + c * 16384 + half * 8192, &a.r, bar, t.n0 + 64 * c,
                             t.m0 + 64 * half);
        r.next();
    }
}

/* The barriers of a block, each 8 bytes. */
struct bars {
    uint32_t full, empty;           /* of the ring's stages */
    uint32_t tray_full, tray_empty; /* what is added has come; the tile has left */
};

/* Rows of a tile between its tray and memory, where a pixel's place is not its number: 16 bytes
 * of each by eight lanes. IN: what is added, to the tray; else the outputs, from it. */
template <int COLS, bool IN>
static __device__ __forceinline__ void spread_rows(const gdk_wgmma_args &a, uint32_t tray,
                                                   int m0, int n0) {
    const int lane = threadIdx.x % 8;
#pragma unroll 1
    for (int row = threadIdx.x % 128 / 8; row < 64 && m0 + row < a.M; row += 16) {
        const int     m = m0 + row, n = m / a.PQ, in_plane = m - n * a.PQ, p = in_plane / a.Q;
        const int64_t pixel =
            n * a.to_n + p * a.to_p + (in_plane - p * a.Q) * a.to_q + a.to_first;
        const uint32_t at = tray + row * 128 + ((lane ^ row % 8) << 4);
#pragma unroll
        for (int c = 0; c < COLS / 64; c++) {
            const int k = n0 + 64 * c + 8 * lane;
            uint4     v;
            if (k >= a.K) break;
            if constexpr (IN) {
                v = *(const uint4 *)((const char *)a.e.arg[a.add] +
                                     (pixel * a.e.arg_pitch[a.add] + k) * 2);
                asm volatile("st.shared.v4.u32 [%0], {%1,%2,%3,%4};" ::"r"(at + c * 16384),
                             "r"(v.x), "r"(v.y), "r"(v.z), "r"(v.w)
                             : "memory");
            } else {
                asm volatile("ld.shared.v4.u32 {%0,%1,%2,%3}, [%4];"
                             : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                             : "r"(at + c * 16384)
                             : "memory");
                *(uint4 *)((char *)a.e.out + (pixel * a.e.out_pitch + k) * 2) = v;
            }
        }
    }
}

/* The tile's way out through a tray, which its last tile must have left: with an addend that is
 * known from the addend's arrival, else the thread that sent the tile waits. Tiles that are
 * spread are copied by their threads, who meet before they write to the tray again. */
template <int COLS, int MODE, int PARTS, int REGS>
static __device__ __forceinline__ void send_tile(const gdk_wgmma_args &a,
                                                 float (&d)[PARTS][REGS], const item &t,
                                                 int group, uint32_t trays, const bars &b,
                                                 gdk_ring<shape<COLS>::trays> &r) {
    const uint32_t tray = trays + r.stage * shape<COLS>::tray_bytes + group * 8192;
    const bool     first = threadIdx.x % 128 == 0;
    if (MODE == TURNED && a.spread) {
        sync_group(group);
        if (a.add >= 0) {
            spread_rows<COLS, true>(a, tray, t.m0 + 64 * group, t.n0);
            sync_group(group);
        }
        finish_in_place<true>(a, d, t.n0, tray);
        sync_group(group);
        spread_rows<COLS, false>(a, tray, t.m0 + 64 * group, t.n0);
        return;
    }
    if (a.add >= 0) {
        gdk_bar_wait(b.tray_full + 8 * r.stage, r.parity);
    } else {
        if (first) gdk_tma_store_wait<shape<COLS>::trays - 1>();
        sync_group(group);
    }
    finish_in_place<MODE != COMMON>(a, d, t.n0, tray);
    gdk_tma_fence();
    sync_group(group);
    if (first) {
#pragma unroll
        for (int c = 0; c < COLS / 64; c++)
            if (t.n0 + 64 * c < a.K)
                gdk_tma_store(&a.y, tray + c * 16384, t.n0 + 64 * c, t.m0 + 64 * group);
        gdk_tma_store_commit();
        if (a.add >= 0) {
            gdk_tma_store_wait<0>();
            gdk_bar_arrive(b.tray_empty + 8 * r.stage);
        }
    }
    r.next();
}

template <int COLS, int MODE>
static __device__ __forceinline__ void consume(const gdk_wgmma_args &a, uint32_t smem,
                                               uint32_t trays, const bars &b, uint32_t *flag,
                                               float *strips) {
    constexpr int                STAGES = shape<COLS>::stages, BYTES = shape<COLS>::stage_bytes;
    constexpr int                PARTS = COLS == 256 ? 2 : 1, REGS = COLS == 64 ? 32 : 64;
    const int                    group = (int)threadIdx.x / 128 - 1, lane = threadIdx.x % 32;
    gdk_ring<STAGES>             r;
    gdk_ring<shape<COLS>::trays> out;
    float                        d[PARTS][REGS];
    for (int i = blockIdx.x; i < a.tiles * a.splits; i += gridDim.x) {
        const item t = item_of(a, i);
        int        last = -1;
        for (int k = t.from; k < t.to; k++) {
            const uint32_t at = smem + r.stage * BYTES;
            gdk_bar_wait(b.full + 8 * r.stage, r.parity);
            const uint64_t x = gdk_wgmma_operand(at + group * (A_BYTES / 2));
            const uint64_t w = MODE == TURNED ? gdk_wgmma_columns(at + A_BYTES)
                                              : gdk_wgmma_operand(at + A_BYTES);
            gdk_wgmma_begin();
#pragma unroll
            for (int q = 0; q < 4; q++)
#pragma unroll
                for (int part = 0; part < PARTS; part++)
                    if constexpr (MODE == TURNED)
                        gdk_wgmma_turned(d[part], x + 2 * q,
                                         w + 128 * q + part * (128 * 128 / 16),
                                         k > t.from || q > 0);
                    else
                        gdk_wgmma(d[part], x + 2 * q, w + 2 * q + part * (128 * 128 / 16),
                                  k > t.from || q > 0);
            gdk_wgmma_commit();
            gdk_wgmma_wait<1>();
            if (last >= 0 && lane == 0) gdk_bar_arrive(b.empty + 8 * last);
            last = r.stage;
            r.next();
        }
        gdk_wgmma_wait<0>();
        if (lane == 0) gdk_bar_arrive(b.empty + 8 * last);
        const bool mine = a.splits == 1 || gather_splits(a, d, i, t.tile, flag);
        if (mine && a.whole)
            send_tile<COLS, MODE>(a, d, t, group, trays, b, out);
        else if (mine)
            finish(a, d, t.m0 + group * 64, t.n0, group, strips + group * (STRIP_BYTES / 4));
    }
    gdk_tma_store_wait<0>(); /* shared memory outlives the copies that read it */
}

#endif

template <int COLS, int MODE>
static __global__ void __launch_bounds__(THREADS, 1)
    gdk_conv2d_wgmma_f16_kernel(const __grid_constant__ gdk_wgmma_args a) {
#if GDK_HOPPER
    constexpr int                   STAGES = shape<COLS>::stages, TRAYS = shape<COLS>::trays;
    extern __shared__ unsigned char memory[];
    const uint32_t raw = gdk_smem_address(memory), smem = (raw + 1023) & ~1023u;
    const uint32_t trays = smem + STAGES * shape<COLS>::stage_bytes;
    const uint32_t at = trays + TRAYS * shape<COLS>::tray_bytes;
    const bars     b = {at, at + 8 * STAGES, at + 16 * STAGES, at + 16 * STAGES + 8 * TRAYS};
    if (threadIdx.x == 0) {
        for (int i = 0; i < STAGES; i++) {
            gdk_bar_init(b.full + 8 * i, 1);
            gdk_bar_init(b.empty + 8 * i, CONSUMERS / 32);
        }
        for (int i = 0; i < TRAYS; i++) {
            gdk_bar_init(b.tray_full + 8 * i, 1);
            gdk_bar_init(b.tray_empty + 8 * i, CONSUMERS / 128);
        }
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
        gdk_tma_prefetch(&a.x);
        gdk_tma_prefetch(&a.w);
    }
    __syncthreads();
    /* What came so far runs beside the end of the kernel before; the next may do the same. */
    gdk_grid_release();
    if (threadIdx.x == 0 && a.fixed) prefetch_filters<COLS>(a);
    gdk_grid_wait();
    if (threadIdx.x < THREADS - CONSUMERS) {
        asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
        if (threadIdx.x == 0) produce<COLS, MODE>(a, smem, b.full, b.empty);
        if (threadIdx.x == 32 && a.whole && a.add >= 0 && !(MODE == TURNED && a.spread))
            bring_addends<COLS>(a, trays, b.tray_full, b.tray_empty);
    } else {
        asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
        consume<COLS, MODE>(a, smem, trays, b,
                            (uint32_t *)(memory + (at - raw) + 8 * (BARRIERS - 1)),
                            (float *)(memory + (trays - raw)));
    }
#endif
}

template <int COLS, int MODE>
static cudaError_t launch(const gdk_wgmma_args *a, int n_sm, cudaStream_t s) {
    const auto         kernel = gdk_conv2d_wgmma_f16_kernel<COLS, MODE>;
    const int          work = a->tiles * a->splits;
    cudaLaunchConfig_t how = {};
    how.gridDim = dim3((unsigned)(work < n_sm ? work : n_sm));
    how.blockDim = dim3(THREADS);
    how.dynamicSmemBytes = shape<COLS>::bytes;
    how.stream = s;
    cudaLaunchAttribute early = {};
    early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    early.val.programmaticStreamSerializationAllowed = 1;
    how.attrs = &early;
    how.numAttrs = 1;
    return cudaLaunchKernelEx(&how, kernel, *a);
}

#endif
