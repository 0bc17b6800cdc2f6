/* conv2d_wgmma_exit.cuh -- how tiles of the Hopper convolution leave: sums of ranges, steps,
 * stores. */
#ifndef GD_KERNELS_CONV2D_CONV2D_WGMMA_EXIT_CUH
#define GD_KERNELS_CONV2D_CONV2D_WGMMA_EXIT_CUH

#include "kernels/conv2d/conv2d_wgmma.h"
#include "kernels/cuda/epilogue.cuh"
#include "kernels/cuda/hopper.cuh"
#include "kernels/cuda/mma.cuh"

/* What a kernel is for: the steps of most networks, all steps, or the gradient of an input with
 * weights [channels of x here, taps, channels of y here], read transposed and in any order of
 * taps, outputs where a pixel's place says. */
enum { COMMON, RARE, TURNED };

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
 * ALL: with the activations that few networks have, whose code costs the others 3 % of their
 * time by standing there. */
template <bool ALL, int PARTS, int REGS>
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
        } else if (!ALL || kind == GDK_EPILOGUE_RELU) {
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

#endif
#endif
