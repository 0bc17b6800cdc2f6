/* rank.cuh -- the place of every candidate in the order of kernels/rank.h, found by counting.
 *
 * A candidate's place is the number of candidates that are better, or equal and earlier.
 * Counting costs the square of their number, but all of it is independent: on a whole GPU it
 * beats sorting up to some ten thousand, needs one launch, no counters and no second pass, and
 * gives one result whatever the order of execution. */
#ifndef GD_KERNELS_CUDA_RANK_CUH
#define GD_KERNELS_CUDA_RANK_CUH

#include <cuda_runtime_api.h>

#include "kernels/rank.h"

/* No candidate, and NaN where that is one: no number has these ranks. */
#define GDK_RANK_NONE UINT32_MAX
#define GDK_RANK_NAN (UINT32_MAX - 1)

enum {
    GDK_RANK_THREADS = 512,
    GDK_RANK_WARPS = GDK_RANK_THREADS / 32,
    GDK_RANK_BATCH = 8, /* rows that a thread reads at once */
    GDK_RANK_ROOM = 2 * GDK_RANK_BATCH * GDK_RANK_THREADS
};

static __device__ __forceinline__ int gdk_warp_sum(int v) {
#if __CUDA_ARCH__ >= 800
    return __reduce_add_sync(0xffffffffu, v);
#else
    for (int i = 16; i > 0; i /= 2) v += __shfl_xor_sync(0xffffffffu, v, i);
    return v;
#endif
}

struct gdk_rank_smem {
    uint4 rank[GDK_RANK_ROOM / 4];
    int   all;
};

/* What lane c < EACH of a warp learns: its row (-1: no candidate there) and its place. */
struct gdk_ranked {
    int row, place;
};

/* Ranks of rows first .. first + n - 1, NONE up to a multiple of 128. Returns the candidates
 * among those of this thread. Src has a type `row` (what reading starts with), read(i) -> row
 * and rank(i, row): two phases, so that many reads are under way before the first is used. */
template <class Src>
static __device__ __forceinline__ int gdk_rank_fill(const Src &src, int first, int n,
                                                    gdk_rank_smem &s) {
    uint32_t *rank = (uint32_t *)s.rank;
    int       all = 0;
    for (int base = (int)threadIdx.x; base < (n + 127) / 128 * 128;
         base += GDK_RANK_BATCH * GDK_RANK_THREADS) {
        typename Src::row got[GDK_RANK_BATCH];
#pragma unroll
        for (int u = 0; u < GDK_RANK_BATCH; u++) {
            const int i = base + u * GDK_RANK_THREADS;
            if (i < n) got[u] = src.read(first + i);
        }
#pragma unroll
        for (int u = 0; u < GDK_RANK_BATCH; u++) {
            const int      i = base + u * GDK_RANK_THREADS;
            const uint32_t r = i < n ? src.rank(first + i, got[u]) : GDK_RANK_NONE;
            if (i < GDK_RANK_ROOM) rank[i] = r;
            all += r != GDK_RANK_NONE;
        }
    }
    return all;
}

/* How many of the m ranks in s are better than r[c], or equal and before position at + c, added
 * to below[c]. Positions may lie outside of them. What is read serves EACH rows; a warp's share
 * is summed by the caller. */
template <int EACH>
static __device__ __forceinline__ void gdk_rank_before(const gdk_rank_smem &s, int    m,
                                                       const uint32_t (&r)[EACH], int at,
                                                       int (&below)[EACH]) {
    const int lane = (int)threadIdx.x % 32, split = at / 4;
#pragma unroll 4
    for (int v = lane; v < (m + 127) / 128 * 32; v += 32) {
        const uint4    k = s.rank[v];
        const uint32_t earlier = v < split;
#pragma unroll
        for (int c = 0; c < EACH; c++) {
            const uint32_t limit = r[c] + earlier;
            below[c] += (k.x < limit) + (k.y < limit) + (k.z < limit) + (k.w < limit);
        }
    }
    /* The vectors that the positions lie in were counted as if they came after. */
    const int edge = 4 * split + lane;
    if (edge < 0 || edge >= m || lane > 2 + EACH) return;
#pragma unroll
    for (int c = 0; c < EACH; c++)
        if (edge < at + c) below[c] += ((const uint32_t *)s.rank)[edge] == r[c];
}

/* Ranks rows own .. own + EACH * GDK_RANK_WARPS - 1 among all of `rows`, EACH a warp. A block
 * without candidates leaves early, unless it is to leave the number of all of them in s.all.
 * Every thread of the block calls it. */
template <int EACH, class Src>
static __device__ gdk_ranked gdk_rank_rows(const Src &src, int rows, int own, gdk_rank_smem &s,
                                           bool tally) {
    const int         lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
    const int         row = own + warp * EACH + lane;
    gdk_ranked        mine = {-1, 0};
    uint32_t          rank = GDK_RANK_NONE;
    typename Src::row got;
    int               count = 0;
    if (threadIdx.x == 0) s.all = 0;
    if (lane < EACH && row < rows) got = src.read(row);
    for (int first = 0; first < rows; first += GDK_RANK_ROOM) {
        const int m = min(GDK_RANK_ROOM, rows - first);
        count += gdk_rank_fill(src, first, m, s);
        if (first == 0) {
            if (lane < EACH && row < rows) rank = src.rank(row, got);
            if (rank != GDK_RANK_NONE) mine.row = row;
            if (!__syncthreads_or(rank != GDK_RANK_NONE) && !tally) return mine;
        } else {
            __syncthreads();
        }
        uint32_t r[EACH];
        int      below[EACH] = {};
        bool     any = false;
#pragma unroll
        for (int c = 0; c < EACH; c++) {
            r[c] = __shfl_sync(0xffffffffu, rank, c);
            any |= r[c] != GDK_RANK_NONE;
        }
        if (any) gdk_rank_before(s, m, r, own + warp * EACH - first, below);
#pragma unroll
        for (int c = 0; c < EACH; c++) {
            const int all = gdk_warp_sum(below[c]);
            if (lane == c) mine.place += all;
        }
        __syncthreads();
    }
    if (tally) {
        __syncthreads();
        atomicAdd(&s.all, count);
        __syncthreads();
    }
    return mine;
}

/* Gives a kernel with a large static array in shared memory as much of it as there is, so that
 * several blocks share a multiprocessor: left alone, the driver makes room for one. */
template <class Kernel> static cudaError_t gdk_rank_crowd(Kernel *kernel) {
    return cudaFuncSetAttribute((const void *)kernel,
                                cudaFuncAttributePreferredSharedMemoryCarveout,
                                cudaSharedmemCarveoutMaxShared);
}

#endif
