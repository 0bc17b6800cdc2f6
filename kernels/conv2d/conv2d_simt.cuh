/* conv2d_simt.cuh -- strict FP32 convolution and linear layer on CUDA cores (implicit GEMM).
 *
 * Bound by FFMA issue. A block owns BM output pixels x BN filters and one part of the
 * reduction, a warp 8 TM x 32 of it, a thread TM x 8: rows lm + 8 i, columns 2 ln + j % 2 + j
 * / 2 * 8. Both operands keep their order of memory, k innermost: tiles are copied 16 bytes at
 * a time, and a 16-byte read gives four k of one row. A thread holds its eight filters'
 * fragments, streams those of its pixels and loads one step of four k ahead. Groups of a row
 * are permuted such that neither copies nor reads meet a bank twice.
 *
 * Two files instantiate it, which compile side by side. */
#ifndef GD_KERNELS_CONV2D_SIMT_CUH
#define GD_KERNELS_CONV2D_SIMT_CUH

#include "kernels/conv2d/conv2d_simt.h"
#include "kernels/conv2d/conv2d_simt_pick.h"
#include "kernels/conv2d/conv2d_tile.cuh"

namespace {

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
constexpr int FEWER = 2; /* no asynchronous copies: registers instead */
#else
constexpr int FEWER = 0;
#endif
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
constexpr int MOST_ROWS = GD_SIMT_ROWS_SM100;
#else
constexpr int MOST_ROWS = 16;
#endif

enum { BK = GD_SIMT_DEPTH, RING = GD_SIMT_RING, TN = 8, WN = 32, STRIP = 40 };

/* Where one thread's copies come from: group tid % 4 of rows tid / 4 + i * ROWS. */
template <int ROWS, int AN, int BN> struct feed {
    static_assert(BN <= AN, "a bit of each pixel's mask is the filters'");
    int32_t  base[AN]; /* group of the pixel under tap (0, 0) */
    uint32_t mask[AN]; /* as in conv2d_mma.cuh; bit 15: row i of the filters exists */
    int32_t  w;        /* group of the first filter row */
    int32_t  at, c, r, s;

    __device__ __forceinline__ void start(const gdk_conv2d_mma &p, int m, int k, int block) {
        const int row = threadIdx.x / 4;
        at = block * 4 + threadIdx.x % 4;
        const int tap = gdk_fastdiv_quotient(at, &p.by_c);
        c = at - tap * p.C;
        r = tap / p.S;
        s = tap - r * p.S;
        w = (k + row) * p.depth + at;
#pragma unroll
        for (int i = 0; i < AN; i++) {
            source<ROWS, AN, BN>::pixel(p, m + row + i * ROWS, base[i], mask[i]);
            if (i < BN && k + row + i * ROWS < p.K) mask[i] |= 0x8000u;
        }
    }

    __device__ __forceinline__ void copy(const gdk_conv2d_mma &p, uint32_t a, uint32_t b) {
        const uint32_t need = at < p.depth ? 1u << r | 0x10000u << s : ~0u;
        const int32_t  tap = (r * p.dilation[0] * p.W + s * p.dilation[1]) * p.pitch + c;
#pragma unroll
        for (int i = 0; i < AN; i++)
            gdk_copy16(a + i * ROWS * BK * 4, (const float4 *)p.x + (base[i] + tap),
                       (mask[i] & need) == need);
#pragma unroll
        for (int i = 0; i < BN; i++)
            gdk_copy16(b + i * ROWS * BK * 4, (const float4 *)p.w + (w + i * ROWS * p.depth),
                       at < p.depth && (mask[i] & 0x8000u));
        at += 4;
        w += 4;
        c += 4;
        while (c >= p.C) {
            c -= p.C;
            if (++s == p.S) {
                s = 0;
                r++;
            }
        }
    }
};

/* acc += a * b over the four k of a group. */
__device__ __forceinline__ void multiply(const float4 &a, const float4 (&b)[TN],
                                         float (&acc)[2][4]) {
#pragma unroll
    for (int j = 0; j < TN; j++) acc[j / 4][j % 4] = fmaf(a.x, b[j].x, acc[j / 4][j % 4]);
#pragma unroll
    for (int j = 0; j < TN; j++) acc[j / 4][j % 4] = fmaf(a.y, b[j].y, acc[j / 4][j % 4]);
#pragma unroll
    for (int j = 0; j < TN; j++) acc[j / 4][j % 4] = fmaf(a.z, b[j].z, acc[j / 4][j % 4]);
#pragma unroll
    for (int j = 0; j < TN; j++) acc[j / 4][j % 4] = fmaf(a.w, b[j].w, acc[j / 4][j % 4]);
}

__device__ __forceinline__ float4 read16(uint32_t smem) {
    float4 v;
    asm volatile("ld.shared.v4.f32 {%0,%1,%2,%3}, [%4];"
                 : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w)
                 : "r"(smem));
    return v;
}

/* What a thread block and a thread own. Neighbouring lanes share pixels, lanes two apart
 * filters: both operands are read as broadcasts. */
template <int BM, int BN, int WM> struct place {
    int tile, part, m, k; /* of the block: part of the reduction, first pixel and filter */
    int wm, wn, lm, ln;   /* of the warp within the block, of the lane within the warp */

    __device__ __forceinline__ place(const gdk_conv2d_mma &p, int tid, int block) {
        const int lane = tid % 32, warp = tid / 32;
        tile = gdk_fastdiv_quotient(block, &p.by_split);
        part = block - tile * p.split;
        const int tile_m = gdk_fastdiv_quotient(tile, &p.by_n);
        m = tile_m * BM;
        k = (tile - tile_m * (int)p.by_n.d) * BN;
        wm = warp % (BM / WM) * WM;
        wn = warp / (BM / WM) * WN;
        lm = (lane >> 1 & 1) | (lane >> 2 & 6);
        ln = (lane & 1) | (lane >> 1 & 2);
    }
};

/* A warp's outputs, 32 rows at a time through its own strip of shared memory: to the epilogue,
 * or to `partial`, rows of BN sums. m, k: first row and column, in the whole or in the tile. */
template <bool PARTIAL, int BN, int TM, class PLACE>
__device__ __forceinline__ void store_warp(const gdk_conv2d_mma &p, float *strip,
                                           float *partial, int m, int k, const PLACE &at,
                                           const float (&acc)[TM][2][4]) {
    const int lane = threadIdx.x % 32, col = lane % 8 * 4;
#pragma unroll
    for (int pass = 0; pass < TM / 4; pass++) {
        __syncwarp();
#pragma unroll
        for (int i = 0; i < 16; i++) {
            const float *v = &acc[pass * 4 + i / 4][i % 4 / 2][i % 2 * 2];
            *(float2 *)(strip + (at.lm + i / 4 * 8) * STRIP + at.ln * 2 + i % 4 * 8) =
                make_float2(v[0], v[1]);
        }
        __syncwarp();
        if (!PARTIAL && !p.e.vec) { /* rows that are not aligned: a lane a column */
#pragma unroll 4
            for (int row = 0; row < min(32, p.M - m - pass * 32); row++)
                if (k + lane < p.K)
                    gdk_epilogue_one(p.e, strip[row * STRIP + lane], m + pass * 32 + row,
                                     k + lane);
            continue;
        }
#pragma unroll 2
        for (int row = lane / 8; row < 32; row += 4) {
            const float4 f = *(const float4 *)(strip + row * STRIP + col);
            float        v[4] = {f.x, f.y, f.z, f.w};
            const int    to = m + pass * 32 + row;
            if constexpr (PARTIAL)
                *(float4 *)(partial + to * BN + k + col) = f;
            else if (to < p.M)
                gdk_epilogue_run<4>(p.e, v, to, k + col, p.K);
        }
    }
}

/* The last block of a tile adds up the parts of the reduction in their order. */
template <int BM, int BN>
__device__ __forceinline__ void gather_parts(const gdk_conv2d_mma &p, int tile, int m, int k,
                                             int *last) {
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) *last = atomicAdd(&p.ticket[tile], 1) == p.split - 1;
    __syncthreads();
    if (!*last) return;
    __threadfence();
    if (threadIdx.x == 0) p.ticket[tile] = 0;
    const float4 *from = (const float4 *)p.partial + (int64_t)tile * p.split * (BM * BN / 4);
    for (int i = threadIdx.x; i < BM * BN / 4; i += blockDim.x) {
        const int row = m + i / (BN / 4), col = k + i % (BN / 4) * 4;
        if (row >= p.M || col >= p.K) continue;
        float v[4] = {};
#pragma unroll 4
        for (int part = 0; part < p.split; part++) {
            const float4 f = __ldcg(from + part * (BM * BN / 4) + i);
            v[0] += f.x, v[1] += f.y, v[2] += f.z, v[3] += f.w;
        }
        gdk_epilogue_run<4>(p.e, v, row, col, p.K);
    }
}

template <int BM, int BN, int TM>
__device__ __forceinline__ void multiply_tile(const gdk_conv2d_mma &p) {
    constexpr int     THREADS = BM * BN / TM / TN, ROWS = THREADS / 4, WM = 8 * TM;
    constexpr int     STAGE = (BM + BN) * BK * 4, END = RING * STAGE;
    extern __shared__ __align__(128) char smem[];

    const place<BM, BN, WM> at(p, threadIdx.x, blockIdx.x);
    const int               begin = at.part * p.part, end = min(begin + p.part, p.blocks);
    const uint32_t          ring = gdk_smem_address(smem), row = threadIdx.x / 4;
    const uint32_t          to = ring + row * BK * 4 + (threadIdx.x % 4 ^ (row >> 1 & 3)) * 16;
    const uint32_t          at_a = ring + (at.wm + at.lm) * BK * 4 + (at.lm >> 1 & 3) * 16;
    const uint32_t          at_b = ring + (BM + at.wn + at.ln * 2) * BK * 4 + at.ln * 16;

    feed<ROWS, BM / ROWS, BN / ROWS> src;
    src.start(p, at.m, at.k, begin);
    for (int i = 0; i < RING - 1; i++) {
        if (begin + i < end) src.copy(p, to + i * STAGE, to + i * STAGE + BM * BK * 4);
        gdk_copy_commit();
    }
    gdk_copy_wait<RING - 2>();
    __syncthreads();

    float    acc[TM][2][4] = {};
    float4   b[2][TN], a[2];
    uint32_t stage = 0;
#pragma unroll
    for (int j = 0; j < TN; j++) b[0][j] = read16(at_b + (j % 2 + j / 2 * 8) * BK * 4);
    a[0] = read16(at_a);
#pragma unroll 1
    for (int left = end - begin; left > 0; left--) {
#pragma unroll
        for (int step = 0; step < 4; step++) {
            const uint32_t now = (at_a + stage) ^ step * 16, ahead = (step + 1) % 4 * 16;
#pragma unroll
            for (int i = 0; i < TM; i++) {
                if (i == TM / 2 && step == 3) {
                    /* The next block has arrived, and nobody reads the one before this. */
                    gdk_copy_wait<0>();
                    __syncthreads();
                    stage = stage + STAGE == END ? 0 : stage + STAGE;
                    const uint32_t fill = to + (stage + STAGE == END ? 0 : stage + STAGE);
                    if (left > RING - 1) src.copy(p, fill, fill + BM * BK * 4);
                    gdk_copy_commit();
                }
                if (i >= TM / 2) {
#pragma unroll
                    for (int j = (i - TM / 2) * 2 * TN / TM; j < (i - TM / 2 + 1) * 2 * TN / TM;
                         j++)
                        b[(step + 1) % 2][j] =
                            read16(((at_b + stage) ^ ahead) + (j % 2 + j / 2 * 8) * BK * 4);
                }
                if (i + 1 < TM)
                    a[(i + 1) % 2] = read16(now + (i + 1) * 8 * BK * 4);
                else
                    a[(i + 1) % 2] = read16((at_a + stage) ^ ahead);
                multiply(a[i % 2], b[step % 2], acc[i]);
            }
        }
    }
    gdk_copy_wait<0>();
    __syncthreads();
    /* Read again, so that the loop need not keep what follows from them. */
    uint32_t tid, block;
    asm volatile("mov.u32 %0, %%tid.x; mov.u32 %1, %%ctaid.x;" : "=r"(tid), "=r"(block));
    const place<BM, BN, WM> out(p, tid, block);
    float                  *strip = (float *)smem + tid / 32 * 32 * STRIP;
    if (p.split == 1) {
        store_warp<false, BN, TM>(p, strip, NULL, out.m + out.wm, out.k + out.wn, out, acc);
    } else {
        float *partial = p.partial + (int64_t)(out.tile * p.split + out.part) * (BM * BN);
        store_warp<true, BN, TM>(p, strip, partial, out.wm, out.wn, out, acc);
        gather_parts<BM, BN>(p, out.tile, out.m, out.k, (int *)(smem + END) - 1);
    }
}

template <int BM, int BN, int TM, int BLOCKS>
__global__ void __launch_bounds__(BM *BN / TM / TN, BLOCKS > 5 ? BLOCKS - FEWER : BLOCKS)
    conv2d_simt(const __grid_constant__ gdk_conv2d_mma p) {
    if constexpr (TM <= MOST_ROWS) multiply_tile<BM, BN, TM>(p);
}

template <int BM, int BN, int TM, int BLOCKS> bool is_tile(const gdk_conv2d_mma *p) {
    const gdk_simt_tile *t = &gdk_simt_tiles[p->tile];
    return t->m == BM && t->n == BN && t->rows == TM;
}

template <int BM, int BN, int TM, int BLOCKS>
cudaError_t launch(const gdk_conv2d_mma *p, cudaStream_t stream) {
    conv2d_simt<BM, BN, TM, BLOCKS>
        <<<(unsigned)p->grid, BM * BN / TM / TN, p->smem, stream>>>(*p);
    return cudaPeekAtLastError();
}

template <int BM, int BN, int TM, int BLOCKS> cudaError_t ready(size_t smem_optin) {
    return cudaFuncSetAttribute(conv2d_simt<BM, BN, TM, BLOCKS>,
                                cudaFuncAttributeMaxDynamicSharedMemorySize, (int)smem_optin);
}

} // namespace

#endif
