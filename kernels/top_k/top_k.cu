/* top_k.cu -- top-k of all pictures: blocks thin their share out, then places are counted.
 *
 * Bound by latency: a picture's scores are read once, and what is left fits into shared memory.
 * Up to GDK_TOP_K_WHOLE scores the first kernel is left out. */
#include "kernels/cuda/rank.cuh"
#include "kernels/top_k/top_k_cuda.h"

enum { THREADS = 1024, WARPS = THREADS / 32, EACH = GDK_TOP_K_PART / THREADS, SLOTS = 4 };
static_assert(GDK_TOP_K_BINS == SLOTS * THREADS, "each thread sums SLOTS bins");

static __device__ __forceinline__ int count_of(const gdk_top_k_args &a, int b) {
    const int c = a.count ? a.count[b] : a.n;
    return c < 0 ? 0 : c > a.n ? a.n : c;
}

/* ---- thinning out ------------------------------------------------------------------------ */

struct thin_smem {
    unsigned bin[GDK_TOP_K_BINS];
    unsigned sum[WARPS];
    uint32_t low, high, last; /* smallest rank, largest, largest of a number */
    uint32_t edge;            /* what find left: the first rank after the bin, less one */
    unsigned before, within;  /* ranks before the bin, in it */
    unsigned n_out;
};

/* Finds the bin where the running sum reaches `need`; the ranks of bin i end at
 * low + (i + 1 << shift) - 1, those of the last bin at `high`. */
static __device__ void find(thin_smem &s, unsigned need, uint32_t low, uint32_t high,
                            int shift) {
    const int tid = (int)threadIdx.x, lane = tid & 31, warp = tid / 32;
    unsigned  own[SLOTS], sum = 0;
#pragma unroll
    for (int i = 0; i < SLOTS; i++) sum += own[i] = s.bin[SLOTS * tid + i];
    unsigned upto = sum;
    for (int d = 1; d < 32; d *= 2) {
        const unsigned v = __shfl_up_sync(0xffffffffu, upto, d);
        if (lane >= d) upto += v;
    }
    if (lane == 31) s.sum[warp] = upto;
    __syncthreads();
    unsigned before = upto - sum;
    for (int w = 0; w < warp; w++) before += s.sum[w];
    if (before < need && need <= before + sum) {
#pragma unroll
        for (int i = 0; i < SLOTS; i++) {
            if (before < need && need <= before + own[i]) {
                const uint32_t bin = (uint32_t)(SLOTS * tid + i), start = low + (bin << shift);
                const uint32_t rest = (1u << shift) - 1; /* of a bin, after its first rank */
                const bool     last = bin == GDK_TOP_K_BINS - 1;
                s.edge = last || high - start < rest ? high : start + rest;
                s.before = before;
                s.within = own[i];
                s.low = start;
            }
            before += own[i];
        }
    }
    __syncthreads();
}

/* Appends where `is`; warps append in any order. */
static __device__ __forceinline__ void append(thin_smem &s, uint64_t *out, bool is,
                                              uint64_t key) {
    const int      lane = (int)threadIdx.x & 31;
    const unsigned who = __ballot_sync(0xffffffffu, is);
    unsigned       at = 0;
    if (!who) return;
    if (lane == 0) at = atomicAdd(&s.n_out, (unsigned)__popc(who));
    at = __shfl_sync(0xffffffffu, at, 0);
    if (is) out[at + (unsigned)__popc(who & ((1u << lane) - 1u))] = key;
}

/* Whether this thread's `is` is among the first `quota` of the block, in the order of threads;
 * `taken` counts those of earlier calls. */
static __device__ bool among_first(thin_smem &s, bool is, unsigned quota, unsigned *taken) {
    const int      lane = (int)threadIdx.x & 31, warp = (int)threadIdx.x / 32;
    const unsigned who = __ballot_sync(0xffffffffu, is);
    __syncthreads();
    if (lane == 0) s.sum[warp] = (unsigned)__popc(who);
    __syncthreads();
    unsigned before = *taken, all = *taken;
    for (int w = 0; w < WARPS; w++) {
        if (w < warp) before += s.sum[w];
        all += s.sum[w];
    }
    *taken = all;
    return is && before + (unsigned)__popc(who & ((1u << lane) - 1u)) < quota;
}

/* Smallest and largest rank of the block's share, and the largest that is no NaN's. */
static __device__ void range(thin_smem &s, const uint32_t (&rank)[EACH], int n) {
    uint32_t low = UINT32_MAX, high = 0, last = 0;
#pragma unroll
    for (int u = 0; u < EACH; u++) {
        if (u * THREADS + (int)threadIdx.x >= n) continue;
        low = min(low, rank[u]);
        high = max(high, rank[u]);
        if (rank[u] != UINT32_MAX) last = max(last, rank[u]);
    }
    for (int d = 16; d > 0; d /= 2) {
        low = min(low, __shfl_xor_sync(0xffffffffu, low, d));
        high = max(high, __shfl_xor_sync(0xffffffffu, high, d));
        last = max(last, __shfl_xor_sync(0xffffffffu, last, d));
    }
    if (threadIdx.x == 0) {
        s.low = UINT32_MAX;
        s.high = s.last = s.n_out = 0;
    }
    __syncthreads();
    if ((threadIdx.x & 31) == 0) {
        atomicMin(&s.low, low);
        atomicMax(&s.high, high);
        atomicMax(&s.last, last);
    }
    __syncthreads();
}

/* One block: part blockIdx.x of picture blockIdx.y, at most GDK_TOP_K_PART scores in the order
 * of their index, EACH a thread in registers. A histogram over the range of ranks that occur
 * finds the bin in which the k-th best lies; while that bin holds too many, it becomes the
 * range. Equal scores that still are too many go in the order of their index. */
static __global__ void __launch_bounds__(THREADS) thin_kernel(const gdk_top_k_args a) {
    __shared__ thin_smem s;
    const int            b = (int)blockIdx.y, part = (int)blockIdx.x, tid = (int)threadIdx.x;
    const int    count = count_of(a, b), share = (count + a.plan.parts - 1) / a.plan.parts;
    const int    begin = min(part * share, count), n = min(share, count - begin);
    const float *score = a.score + (int64_t)b * a.score_pitch + begin;
    uint64_t    *out = a.kept + ((int64_t)b * a.plan.parts + part) * a.plan.room;
    uint32_t     rank[EACH];
#pragma unroll
    for (int u = 0; u < EACH; u++) {
        const int i = u * THREADS + tid;
        rank[u] = i < n ? gdk_rank_of(score[i]) : UINT32_MAX;
    }
    range(s, rank, n);
    /* Every part has that many or none of the rest has any: then nothing bounds the whole. */
    const unsigned per_part = (unsigned)((a.k + a.plan.parts - 1) / a.plan.parts);
    uint32_t       bound = UINT32_MAX, edge = UINT32_MAX;
    unsigned       quota = 0; /* of ranks equal to edge; 0: all */
    if (n > a.plan.room) {
        uint32_t low = s.low, high = s.high, last = s.last > s.low ? s.last : s.low;
        unsigned before = 0; /* ranks below low */
        for (bool again = false;; again = true) {
            const int bits = 32 - __clz((int)(last - low));
            const int shift = bits > 12 ? bits - 12 : 0;
            __syncthreads();
#pragma unroll
            for (int i = 0; i < SLOTS; i++) s.bin[i * THREADS + tid] = 0;
            __syncthreads();
#pragma unroll
            for (int u = 0; u < EACH; u++) {
                if (u * THREADS + tid >= n || rank[u] < low || rank[u] > high) continue;
                const uint32_t bin = (rank[u] - low) >> shift;
                atomicAdd(&s.bin[min(bin, (uint32_t)GDK_TOP_K_BINS - 1)], 1u);
            }
            __syncthreads();
            if (!again && per_part <= (unsigned)n) {
                find(s, per_part, low, high, shift);
                bound = s.edge;
                __syncthreads();
            }
            find(s, (unsigned)a.k - before, low, high, shift);
            edge = s.edge;
            const bool one = edge == s.low; /* a single rank */
            if (before + s.before + s.within <= (unsigned)a.plan.room) break;
            before += s.before;
            if (one) {
                quota = (unsigned)a.k - before;
                break;
            }
            low = s.low;
            high = last = edge;
        }
    }
    unsigned taken = 0;
#pragma unroll
    for (int u = 0; u < EACH; u++) {
        const int i = u * THREADS + tid;
        bool      is = i < n && rank[u] <= edge;
        if (quota) {
            const bool tie = among_first(s, is && rank[u] == edge, quota, &taken);
            is = is && (rank[u] < edge || tie);
        }
        append(s, out, is, (uint64_t)rank[u] << 32 | (uint32_t)(begin + i));
    }
    __syncthreads();
    for (unsigned i = s.n_out + (unsigned)tid; i < (unsigned)a.plan.room; i += THREADS)
        out[i] = GDK_RANK_NONE;
    if (tid == 0) a.bound[(int64_t)b * a.plan.parts + part] = bound;
}

/* ---- placing ----------------------------------------------------------------------------- */

struct scores {
    typedef float                       row;
    const float                        *score;
    __device__ __forceinline__ float    read(int i) const { return score[i]; }
    __device__ __forceinline__ uint64_t key(int i, float v) const { return gdk_rank_key(v, i); }
};

struct survivors {
    typedef uint64_t                    row;
    const uint64_t                     *kept;
    uint32_t                            bound;
    __device__ __forceinline__ uint64_t read(int i) const { return kept[i]; }
    __device__ __forceinline__ uint64_t key(int, uint64_t k) const {
        return (uint32_t)(k >> 32) <= bound ? k : GDK_RANK_NONE;
    }
};

/* One block: TILE rows of picture blockIdx.y; it writes those whose place is below k. */
template <int TILE>
static __global__ void __launch_bounds__(GDK_RANK_THREADS)
    place_kernel(const gdk_top_k_args a) {
    __shared__ gdk_rank_smem<TILE> s;
    const int    b = (int)blockIdx.y, own = (int)blockIdx.x * TILE, tid = (int)threadIdx.x;
    const int    count = count_of(a, b), found = min(count, a.k);
    const float *score = a.score + (int64_t)b * a.score_pitch;
    float       *value = a.value + (int64_t)b * a.value_pitch;
    int32_t     *index = a.index + (int64_t)b * a.index_pitch;
    for (int j = found + (int)blockIdx.x * GDK_RANK_THREADS + tid; j < a.k;
         j += (int)gridDim.x * GDK_RANK_THREADS) {
        value[j] = 0.0f;
        index[j] = -1;
    }
    if (own == 0 && tid == 0) a.found[b] = found;
    if constexpr (TILE == GDK_TOP_K_TILE) {
        if (own >= count) return;
        gdk_rank_tile<TILE>(scores{score}, count, own, false, s);
    } else {
        /* No part's bound excludes one of its own k / parts best, so the largest of all bounds
         * leaves k or more, and with them the k best. */
        uint32_t bound = 0;
        for (int p = 0; p < a.plan.parts; p++)
            bound = max(bound, a.bound[(int64_t)b * a.plan.parts + p]);
        const int rows = a.plan.parts * a.plan.room;
        gdk_rank_tile<TILE>(survivors{a.kept + (int64_t)b * rows, bound}, rows, own, false, s);
    }
    for (int c = tid; c < s.n_own; c += GDK_RANK_THREADS) {
        const int place = s.place[c];
        if (place >= found) continue;
        const int32_t i = (int32_t)gdk_rank_index(s.own[c]);
        value[place] = score[i];
        index[place] = i;
    }
}

extern "C" cudaError_t gdk_top_k_launch(const gdk_top_k_args *a, cudaStream_t stream) {
    if (!a->plan.parts) {
        const int tiles = (a->n + GDK_TOP_K_TILE - 1) / GDK_TOP_K_TILE;
        place_kernel<GDK_TOP_K_TILE><<<dim3((unsigned)(tiles ? tiles : 1), (unsigned)a->B),
                                       GDK_RANK_THREADS, 0, stream>>>(*a);
        return cudaPeekAtLastError();
    }
    thin_kernel<<<dim3((unsigned)a->plan.parts, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    const int rows = a->plan.parts * a->plan.room;
    const int tiles = (rows + GDK_TOP_K_LONG_TILE - 1) / GDK_TOP_K_LONG_TILE;
    place_kernel<GDK_TOP_K_LONG_TILE>
        <<<dim3((unsigned)tiles, (unsigned)a->B), GDK_RANK_THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
