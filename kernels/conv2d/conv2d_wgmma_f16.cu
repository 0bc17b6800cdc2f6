/* conv2d_wgmma_f16.cu -- the Hopper convolution: TMA im2col feeding wgmma, one persistent
 * block an SM.
 *
 * Bound by the tensor cores for C, K >= 256, by device memory for 1x1 layers with few channels.
 * A block walks over work items (tile, range of the reduction). One thread of its first
 * warpgroup keeps a ring of shared-memory stages full, also across items, so that loads of the
 * next tile run under the epilogue of the last; two consumer warpgroups own 64 rows each, all
 * columns, in registers. Sums of a split tile meet in device memory: the block that brings the
 * last one adds them in their order. */
#include "kernels/conv2d/conv2d_wgmma.h"
#include "kernels/cuda/epilogue.cuh"
#include "kernels/cuda/hopper.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/mma.cuh"

enum { THREADS = 384, CONSUMERS = 256, A_BYTES = GDK_WGMMA_ROWS * 128, BARRIERS = 32 };

/* Shared memory of a block: the ring, then the trays, then barriers. A tray holds a tile on its
 * way out, and before that what is added to it: for each 64 columns, 128 rows of 128 bytes. */
template <int COLS> struct shape {
    static constexpr int stages = COLS == 256 ? 3 : COLS == 128 ? 5 : 7;
    static constexpr int trays = COLS == 256 ? 1 : 2;
    static constexpr int stage_bytes = A_BYTES + COLS * 128;
    static constexpr int tray_bytes = COLS * 256;
    static constexpr int bytes =
        1024 + stages * stage_bytes + trays * tray_bytes + 8 * BARRIERS;
};

#if GDK_HOPPER

/* One work item: tile (m0, n0) and its steps [from, to). */
struct item {
    int m0, n0, from, to, tile;
};

static __device__ __forceinline__ item item_of(const gdk_wgmma_args &a, int i) {
    item      t;
    const int split = i % a.splits;
    t.tile = i / a.splits;
    t.m0 = t.tile / a.tiles_n * GDK_WGMMA_ROWS;
    t.n0 = t.tile % a.tiles_n * a.cols;
    t.from = (int)((int64_t)a.steps * split / a.splits);
    t.to = (int)((int64_t)a.steps * (split + 1) / a.splits);
    return t;
}

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

template <int COLS>
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
            gdk_tma_tile(at + A_BYTES, &a.w, bar, tap * a.C + block * GDK_WGMMA_DEPTH, t.n0);
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

/* A strip of the sums on its way from the fragments to rows: 40 floats apart, so that writing
 * meets no bank twice. */
enum { STRIP = 32, STRIP_PITCH = 40, STRIP_BYTES = 64 * STRIP_PITCH * 4 };

static __device__ __forceinline__ void sync_group(int group) {
    asm volatile("bar.sync %0, 128;" ::"r"(2 + group) : "memory");
}

/* The sums of one strip of columns, from the registers that hold it. */
template <int PARTS, int REGS>
static __device__ __forceinline__ void put_strip(const float (&d)[PARTS][REGS], int strip,
                                                 float *to) {
    const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    float    *at = to + (threadIdx.x / 32 % 4 * 16 + g) * STRIP_PITCH + 2 * t;
#pragma unroll
    for (int s = 0; s < PARTS * REGS / 16; s++)
        if (s == strip) {
            const float *f = &d[s * 16 / REGS][s * 16 % REGS];
#pragma unroll
            for (int j = 0; j < 4; j++) {
                *(float2 *)(at + 8 * j) = make_float2(f[4 * j], f[4 * j + 1]);
                *(float2 *)(at + 8 * STRIP_PITCH + 8 * j) =
                    make_float2(f[4 * j + 2], f[4 * j + 3]);
            }
        }
}

/* Bias, steps and store of a warpgroup's 64 rows where the tile cannot leave whole: strip by
 * strip, a lane takes one column, so that rows are written side by side whatever their type. */
template <int PARTS, int REGS>
static __device__ __forceinline__ void finish(const gdk_wgmma_args &a,
                                              const float (&d)[PARTS][REGS], int m0, int n0,
                                              int group, float *strip_at) {
    constexpr int STRIPS = PARTS * REGS / 16;
    const int     lane = threadIdx.x % 32, r0 = threadIdx.x / 32 % 4 * 16;
#pragma unroll 1
    for (int s = 0; s < STRIPS && n0 + s * STRIP < a.K; s++) {
        const int k = n0 + s * STRIP + lane;
        put_strip(d, s, strip_at);
        sync_group(group);
#pragma unroll 4
        for (int r = r0; r < r0 + 16; r++)
            if (m0 + r < a.M && k < a.K)
                gdk_epilogue_one(a.e, strip_at[r * STRIP_PITCH + lane], m0 + r, k);
        sync_group(group);
    }
}

/* Where this thread's pair of columns 8j + 2t, + 1 of row g (+ 8 with `low`) lies in a tray. */
static __device__ __forceinline__ uint32_t tray_at(int j, int low) {
    const int lane = threadIdx.x % 32, g = lane / 4, row = threadIdx.x / 32 % 4 * 16 + g;
    return (uint32_t)(j / 8 * 16384 + (row + 8 * low) * 128 + ((j % 8 ^ g) << 4) +
                      lane % 4 * 4);
}

static __device__ __forceinline__ uint32_t tray_get(uint32_t at) {
    uint32_t v;
    asm volatile("ld.shared.u32 %0, [%1];" : "=r"(v) : "r"(at));
    return v;
}

static __device__ __forceinline__ void tray_put(uint32_t at, uint32_t v) {
    asm volatile("st.shared.u32 [%0], %1;" ::"r"(at), "r"(v) : "memory");
}

/* Bias and steps on the sums where they are, in the fragments; then into the tray as halves. A
 * step is taken for all registers before the next, so that each one's code stands here once.
 * RARE: with the activations that few networks have, whose code costs the others 3 % of their
 * time by standing there. */
template <bool RARE, int PARTS, int REGS>
static __device__ __forceinline__ void finish_in_place(const gdk_wgmma_args &a,
                                                       float (&d)[PARTS][REGS], int n0,
                                                       uint32_t tray) {
    constexpr int GROUPS = PARTS * REGS / 4; /* of 8 columns */
    const int     t = threadIdx.x % 4;
    if (a.e.bias) {
#pragma unroll
        for (int j = 0; j < GROUPS; j++) {
            const int    k = n0 + 8 * j + 2 * t;
            const float2 b = k < a.K ? __ldg((const float2 *)(a.e.bias + k)) : float2{};
            float       *f = &d[4 * j / REGS][4 * j % REGS];
            f[0] += b.x;
            f[1] += b.y;
            f[2] += b.x;
            f[3] += b.y;
        }
    }
/* Not gdk_epilogue_acts: behind a reference to the sums, wgmma would be done one by one. */
#define TO_ALL(value)                                          \
    _Pragma("unroll") for (int i = 0; i < PARTS * REGS; i++) { \
        const float v = d[i / REGS][i % REGS];                 \
        d[i / REGS][i % REGS] = value;                         \
    }
#pragma unroll 1
    for (int s = 0; s < a.e.n; s++) {
        const int   kind = a.e.kind[s];
        const float slope = kind == GDK_EPILOGUE_LEAKY ? a.e.slope[s] : 0.0f;
        if (kind == GDK_EPILOGUE_ADD) {
#pragma unroll
            for (int j = 0; j < GROUPS; j++) {
                float *f = &d[4 * j / REGS][4 * j % REGS];
#pragma unroll
                for (int low = 0; low < 2; low++) {
                    const float2 r = gdk_half2_float(tray_get(tray + tray_at(j, low)));
                    f[2 * low] += r.x;
                    f[2 * low + 1] += r.y;
                }
            }
        } else if (kind == GDK_EPILOGUE_SILU) {
            TO_ALL(gdk_silu<0>(v));
        } else if (kind == GDK_EPILOGUE_LEAKY) {
            TO_ALL(gdk_leaky_relu(v, slope));
        } else if (!RARE || kind == GDK_EPILOGUE_RELU) {
            TO_ALL(gdk_relu(v));
        } else if (kind == GDK_EPILOGUE_MISH) {
            TO_ALL(gdk_mish<0>(v));
        } else if (kind == GDK_EPILOGUE_RELU6) {
            TO_ALL(gdk_relu6(v));
        } else if (kind == GDK_EPILOGUE_HARDSWISH) {
            TO_ALL(v * gdk_hardsigmoid(v));
        } else if (kind == GDK_EPILOGUE_HARDSIGMOID) {
            TO_ALL(gdk_hardsigmoid(v));
        } else {
            TO_ALL(gdk_gelu<0>(v));
        }
    }
#undef TO_ALL
#pragma unroll
    for (int j = 0; j < GROUPS; j++) {
        const float *f = &d[4 * j / REGS][4 * j % REGS];
        tray_put(tray + tray_at(j, 0), gdk_float_half2(f[0], f[1]));
        tray_put(tray + tray_at(j, 1), gdk_float_half2(f[2], f[3]));
    }
}

static __device__ __forceinline__ void sync_consumers() {
    asm volatile("bar.sync 1, 256;" ::: "memory");
}

/* Stores this range's sums; true in the block that came last, with the sums of all in d. */
template <int PARTS, int REGS>
static __device__ __forceinline__ bool gather_splits(const gdk_wgmma_args &a,
                                                     float (&d)[PARTS][REGS], int i, int tile,
                                                     uint32_t *flag) {
    constexpr int QUADS = PARTS * REGS / 4;
    const int     c = threadIdx.x - (THREADS - CONSUMERS);
    float4       *mine = (float4 *)a.part + (int64_t)i * QUADS * CONSUMERS + c;
#pragma unroll
    for (int q = 0; q < QUADS; q++) {
        const float *f = &d[q * 4 / REGS][q * 4 % REGS];
        __stcg(mine + q * CONSUMERS, make_float4(f[0], f[1], f[2], f[3]));
    }
    __threadfence();
    sync_consumers();
    if (c == 0) *flag = atomicAdd(a.ticket + tile, 1u);
    sync_consumers();
    if (*flag != (uint32_t)a.splits - 1) return false;
    __threadfence();
    if (c == 0) a.ticket[tile] = 0;
    const float4 *all =
        (const float4 *)a.part + (int64_t)tile * a.splits * QUADS * CONSUMERS + c;
#pragma unroll
    for (int q = 0; q < QUADS; q++) {
        float *f = &d[q * 4 / REGS][q * 4 % REGS];
        f[0] = f[1] = f[2] = f[3] = 0.0f;
    }
    for (int s = 0; s < a.splits; s++, all += QUADS * CONSUMERS) {
#pragma unroll
        for (int q = 0; q < QUADS; q++) {
            const float4 v = __ldcg(all + q * CONSUMERS);
            float       *f = &d[q * 4 / REGS][q * 4 % REGS];
            f[0] += v.x;
            f[1] += v.y;
            f[2] += v.z;
            f[3] += v.w;
        }
    }
    return true;
}

/* The barriers of a block, each 8 bytes. */
struct bars {
    uint32_t full, empty;           /* of the ring's stages */
    uint32_t tray_full, tray_empty; /* what is added has come; the tile has left */
};

/* The tile's way out through a tray, which its last tile must have left: with an addend that is
 * known from the addend's arrival, else the thread that sent the tile waits. */
template <int COLS, bool RARE, int PARTS, int REGS>
static __device__ __forceinline__ void send_tile(const gdk_wgmma_args &a,
                                                 float (&d)[PARTS][REGS], const item &t,
                                                 int group, uint32_t trays, const bars &b,
                                                 gdk_ring<shape<COLS>::trays> &r) {
    const uint32_t tray = trays + r.stage * shape<COLS>::tray_bytes + group * 8192;
    const bool     first = threadIdx.x % 128 == 0;
    if (a.add >= 0) {
        gdk_bar_wait(b.tray_full + 8 * r.stage, r.parity);
    } else {
        if (first) gdk_tma_store_wait<shape<COLS>::trays - 1>();
        sync_group(group);
    }
    finish_in_place<RARE>(a, d, t.n0, tray);
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

template <int COLS, bool RARE>
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
            const uint64_t w = gdk_wgmma_operand(at + A_BYTES);
            gdk_wgmma_begin();
#pragma unroll
            for (int q = 0; q < 4; q++)
#pragma unroll
                for (int part = 0; part < PARTS; part++)
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
            send_tile<COLS, RARE>(a, d, t, group, trays, b, out);
        else if (mine)
            finish(a, d, t.m0 + group * 64, t.n0, group, strips + group * (STRIP_BYTES / 4));
    }
    gdk_tma_store_wait<0>(); /* shared memory outlives the copies that read it */
}

#endif

template <int COLS, bool RARE>
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
        if (threadIdx.x == 0) produce<COLS>(a, smem, b.full, b.empty);
        if (threadIdx.x == 32 && a.whole && a.add >= 0)
            bring_addends<COLS>(a, trays, b.tray_full, b.tray_empty);
    } else {
        asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
        consume<COLS, RARE>(a, smem, trays, b,
                            (uint32_t *)(memory + (at - raw) + 8 * (BARRIERS - 1)),
                            (float *)(memory + (trays - raw)));
    }
#endif
}

template <int COLS, bool RARE>
static cudaError_t launch(const gdk_wgmma_args *a, int n_sm, cudaStream_t s) {
    const auto         kernel = gdk_conv2d_wgmma_f16_kernel<COLS, RARE>;
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

template <int COLS>
static cudaError_t launch_for(const gdk_wgmma_args *a, int n_sm, cudaStream_t s) {
    for (int i = 0; i < a->e.n; i++) switch (a->e.kind[i]) {
        case GDK_EPILOGUE_ADD:
        case GDK_EPILOGUE_RELU:
        case GDK_EPILOGUE_LEAKY:
        case GDK_EPILOGUE_SILU: break;
        default: return launch<COLS, true>(a, n_sm, s);
        }
    return launch<COLS, false>(a, n_sm, s);
}

template <int COLS> static cudaError_t ready() {
    const cudaError_t e = gdk_launch_ready(gdk_conv2d_wgmma_f16_kernel<COLS, false>);
    return e != cudaSuccess ? e : gdk_launch_ready(gdk_conv2d_wgmma_f16_kernel<COLS, true>);
}

extern "C" cudaError_t gdk_conv2d_wgmma_f16_ready(int cols) {
    return cols == 256 ? ready<256>() : cols == 128 ? ready<128>() : ready<64>();
}

extern "C" cudaError_t gdk_conv2d_wgmma_f16_launch(const gdk_wgmma_args *a, int n_sm,
                                                   cudaStream_t s) {
    if (a->cols == 256) return launch_for<256>(a, n_sm, s);
    if (a->cols == 128) return launch_for<128>(a, n_sm, s);
    return launch_for<64>(a, n_sm, s);
}
