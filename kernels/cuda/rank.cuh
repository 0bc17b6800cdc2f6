/* rank.cuh -- the place of every candidate in the order of kernels/rank.h, found by counting.
 *
 * A candidate's place is the number of candidates with a smaller key. Counting costs the square
 * of their number, but all of it is independent: on a whole GPU it beats sorting up to some ten
 * thousand, needs one launch, no counters and no second pass, and gives one result whatever the
 * order in which candidates are met. */
#ifndef GD_KERNELS_CUDA_RANK_CUH
#define GD_KERNELS_CUDA_RANK_CUH

#include "kernels/rank.h"

/* No candidate: above every key, since an index is below 2^31. */
#define GDK_RANK_NONE UINT64_MAX

enum {
    GDK_RANK_THREADS = 512,
    GDK_RANK_WARPS = GDK_RANK_THREADS / 32,
    GDK_RANK_STEP = 10,                              /* rows that a thread reads at once */
    GDK_RANK_ROOM = GDK_RANK_STEP * GDK_RANK_THREADS /* keys in shared memory */
};

static __device__ __forceinline__ int gdk_warp_sum(int v) {
#if __CUDA_ARCH__ >= 800
    return __reduce_add_sync(0xffffffffu, v);
#else
    for (int i = 16; i > 0; i /= 2) v += __shfl_xor_sync(0xffffffffu, v, i);
    return v;
#endif
}

/* Shared memory of a block; TILE is how many rows it ranks. */
template <int TILE> struct gdk_rank_smem {
    uint64_t key[GDK_RANK_ROOM];
    uint64_t own[TILE];
    int      place[TILE];
    int      n_key, n_own;
};

/* Appends the candidates among rows first .. first + GDK_RANK_ROOM - 1 to s.key, in any order.
 * Src has a type `row` (what reading starts with), read(i) -> row and key(i, row) -> key: two
 * phases, so that many reads are under way before the first is used. */
template <class Src, int TILE>
static __device__ __forceinline__ void gdk_rank_fill(const Src &src, int rows, int first,
                                                     gdk_rank_smem<TILE> &s) {
    typename Src::row got[GDK_RANK_STEP];
    uint64_t          key[GDK_RANK_STEP];
    const int         tid = (int)threadIdx.x, lane = tid & 31;
#pragma unroll
    for (int u = 0; u < GDK_RANK_STEP; u++) {
        const int i = first + u * GDK_RANK_THREADS + tid;
        if (i < rows) got[u] = src.read(i);
    }
    int total = 0;
#pragma unroll
    for (int u = 0; u < GDK_RANK_STEP; u++) {
        const int i = first + u * GDK_RANK_THREADS + tid;
        key[u] = i < rows ? src.key(i, got[u]) : GDK_RANK_NONE;
    }
#pragma unroll
    for (int u = 0; u < GDK_RANK_STEP; u++)
        total += __popc(__ballot_sync(0xffffffffu, key[u] != GDK_RANK_NONE));
    if (!total) return;
    int at = 0;
    if (lane == 0) at = atomicAdd(&s.n_key, total);
    at = __shfl_sync(0xffffffffu, at, 0);
#pragma unroll
    for (int u = 0; u < GDK_RANK_STEP; u++) {
        const unsigned is = __ballot_sync(0xffffffffu, key[u] != GDK_RANK_NONE);
        if (key[u] != GDK_RANK_NONE) s.key[at + __popc(is & ((1u << lane) - 1u))] = key[u];
        at += __popc(is);
    }
}

/* Ranks the candidates among rows own .. own + TILE - 1 against those of all rows: afterwards
 * s.own[0 .. s.n_own - 1] are their keys and s.place their places. Returns the number of all
 * candidates where `tally`, else anything; without tally a block that owns no candidate leaves
 * early. Every thread of the block calls it. */
template <int TILE, class Src>
static __device__ int gdk_rank_tile(const Src &src, int rows, int own, bool tally,
                                    gdk_rank_smem<TILE> &s) {
    const int tid = (int)threadIdx.x, lane = tid & 31, warp = tid / 32;
    int       all = 0;
    if (tid == 0) s.n_own = s.n_key = 0;
    __syncthreads();
    for (int t = tid; t < TILE; t += GDK_RANK_THREADS) {
        const int      i = own + t;
        const uint64_t k = i < rows ? src.key(i, src.read(i)) : GDK_RANK_NONE;
        if (k != GDK_RANK_NONE) {
            const int at = atomicAdd(&s.n_own, 1);
            s.own[at] = k;
            s.place[at] = 0;
        }
    }
    __syncthreads();
    const int n_own = s.n_own;
    if (!n_own && !tally) return 0;
    for (int first = 0; first < rows; first += GDK_RANK_ROOM) {
        gdk_rank_fill(src, rows, first, s);
        __syncthreads();
        const int n = s.n_key;
        all += n;
        for (int c = 2 * warp; c < n_own; c += 2 * GDK_RANK_WARPS) {
            const uint64_t a = s.own[c], b = c + 1 < n_own ? s.own[c + 1] : 0;
            int            below_a = 0, below_b = 0;
#pragma unroll 4
            for (int j = lane; j < n; j += 32) {
                const uint64_t k = s.key[j];
                below_a += k < a;
                below_b += k < b;
            }
            below_a = gdk_warp_sum(below_a);
            below_b = gdk_warp_sum(below_b);
            if (lane == 0) {
                s.place[c] += below_a;
                if (c + 1 < n_own) s.place[c + 1] += below_b;
            }
        }
        __syncthreads();
        if (tid == 0) s.n_key = 0;
        __syncthreads();
    }
    return all;
}

#endif
