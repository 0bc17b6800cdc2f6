/* top_k_thin.cu -- top-k of long rows, first half: blocks thin their share of the scores out.
 *
 * Bound by latency: scores are read once, and a histogram in shared memory says which of them
 * may still be among the k best. */
#include "kernels/top_k/top_k_bin.h"
#include "kernels/top_k/top_k_cuda.h"
#include "kernels/top_k/top_k_each.cuh"

#define NO_KEY UINT64_MAX /* above every key */
#define NO_BIN UINT32_MAX

enum {
    THREADS = 1024,
    WARPS = THREADS / 32,
    EACH = GDK_TOP_K_PART / THREADS,
    SLOTS = 4,
    QUANTILES = GDK_TOP_K_QUANTILES
};
static_assert(GDK_TOP_K_BINS == SLOTS * THREADS, "each thread sums SLOTS bins");

/* Where a running sum over the histogram reaches what is needed. */
struct reach {
    uint32_t bin;
    unsigned before, within; /* ranks before the bin, in it */
};

struct thin_smem {
    unsigned bin[GDK_TOP_K_BINS]; /* counts, then the sums before each bin */
    unsigned sum[WARPS];
    uint32_t low, high; /* what extremes has found */
    reach    best;
    uint32_t last[QUANTILES]; /* the bin in which a quantile ends, or NO_BIN */
    unsigned upto[QUANTILES]; /* ranks up to the end of that bin */
    uint32_t edge[QUANTILES]; /* the largest of them, then of all before as well */
    unsigned n_out;
};

/* The second and later histograms: bin i starts at rank low + (i << shift). */
struct span {
    uint32_t                            low;
    int                                 shift;
    __device__ __forceinline__ uint32_t bin(uint32_t rank) const {
        return (rank - low) >> shift;
    }
};

/* Turns counts to sums, and finds the bin where they reach `best`, 1 or more. */
static __device__ void sum_up(thin_smem &s, unsigned best) {
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
#pragma unroll
    for (int i = 0; i < SLOTS; i++) {
        const uint32_t bin = (uint32_t)(SLOTS * tid + i);
        if (before < best && best <= before + own[i]) s.best = {bin, before, own[i]};
        s.bin[bin] = before;
        before += own[i];
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

/* Smallest and largest of each thread's ranks, over the block: into s.low and s.high. */
static __device__ void extremes(thin_smem &s, uint32_t low, uint32_t high) {
    for (int d = 16; d > 0; d /= 2) {
        low = min(low, __shfl_xor_sync(0xffffffffu, low, d));
        high = max(high, __shfl_xor_sync(0xffffffffu, high, d));
    }
    if (threadIdx.x == 0) {
        s.low = UINT32_MAX;
        s.high = 0;
    }
    __syncthreads();
    if ((threadIdx.x & 31) == 0) {
        atomicMin(&s.low, low);
        atomicMax(&s.high, high);
    }
    __syncthreads();
}

/* Ranks of the k best that quantile q stands for. */
static __device__ __forceinline__ unsigned quantile(unsigned k, int q) {
    return (unsigned)(((uint64_t)(q + 1) * k + QUANTILES - 1) / QUANTILES);
}

/* The bins in which the quantiles of the k best of n ranks end, from the sums. */
static __device__ void find_quantiles(thin_smem &s, unsigned k, unsigned n) {
    const int tid = (int)threadIdx.x;
    if (tid < QUANTILES) {
        s.last[tid] = NO_BIN;
        s.edge[tid] = 0;
    }
    __syncthreads();
#pragma unroll 1
    for (int i = 0; i < SLOTS; i++) {
        const int      bin = SLOTS * tid + i;
        const unsigned before = s.bin[bin],
                       upto = bin + 1 < GDK_TOP_K_BINS ? s.bin[bin + 1] : n;
        if (before == upto || before >= k) continue;
        for (int q = (int)((uint64_t)before * QUANTILES / k);
             q < QUANTILES && quantile(k, q) <= upto; q++)
            if (quantile(k, q) > before) {
                s.last[q] = (uint32_t)bin;
                s.upto[q] = upto;
            }
    }
    __syncthreads();
}

/* The first quantile that ends in this bin or behind it; there is one. */
static __device__ __forceinline__ int quantile_of(const thin_smem &s, uint32_t bin) {
    int q = 0;
#pragma unroll
    for (int half = QUANTILES / 2; half > 0; half /= 2)
        if (s.last[q + half - 1] < bin) q += half;
    return q;
}

/* All ranks of a block's share, in the order of their index. */
struct share {
    uint32_t rank[EACH];
    int      n;
    /* Calls f(i, rank) for what this thread has. */
    template <class F> __device__ __forceinline__ void each(F f) const {
#pragma unroll
        for (int u = 0; u < EACH; u++) {
            const int i = u * THREADS + (int)threadIdx.x;
            if (i < n) f(i, rank[u]);
        }
    }
};

static __device__ __forceinline__ void clear(thin_smem &s) {
#pragma unroll
    for (int i = 0; i < SLOTS; i++) s.bin[i * THREADS + (int)threadIdx.x] = 0;
    __syncthreads();
}

/* While the bin of the k-th best holds too many: histograms over the ranks that occur in it.
 * Returns the last rank that stays; *quota bounds how many equal to it do (0: all). */
static __device__ uint32_t refine(thin_smem &s, const share &all, gdk_top_k_line line,
                                  unsigned k, unsigned room, unsigned *quota) {
    uint32_t       low = UINT32_MAX, high = 0;
    const uint32_t bin = s.best.bin;
    unsigned       before = s.best.before;
    all.each([&](int, uint32_t r) {
        if (gdk_top_k_bin(line, r) != bin) return;
        low = min(low, r);
        high = max(high, r);
    });
    extremes(s, low, high);
    low = s.low;
    high = s.high;
    for (;;) {
        const int  bits = 32 - __clz((int)(high - low));
        const span of = {low, bits > 12 ? bits - 12 : 0};
        clear(s);
        all.each([&](int, uint32_t r) {
            if (r >= low && r <= high) atomicAdd(&s.bin[of.bin(r)], 1u);
        });
        __syncthreads();
        sum_up(s, k - before);
        before += s.best.before;
        low += s.best.bin << of.shift;
        const uint32_t rest = (1u << of.shift) - 1; /* of the bin, after its first rank */
        if (high - low > rest) high = low + rest;
        if (before + s.best.within <= room) return high;
        if (!of.shift) {
            *quota = k - before;
            return high;
        }
        __syncthreads();
    }
}

/* The edges of quantiles, from ranks up to the bin `best`; those in it count only up to `most`,
 * the last that stays. One warp then makes each edge the largest so far. */
static __device__ void find_edges(thin_smem &s, const share &all, gdk_top_k_line line,
                                  uint32_t best, uint32_t most) {
    const int tid = (int)threadIdx.x;
    all.each([&](int, uint32_t r) {
        const uint32_t bin = gdk_top_k_bin(line, r);
        if (bin <= best && r <= most) atomicMax(&s.edge[quantile_of(s, bin)], r);
    });
    __syncthreads();
    if (tid >= QUANTILES) return;
    uint32_t edge = s.edge[tid];
    for (int d = 1; d < QUANTILES; d *= 2) {
        const uint32_t v = __shfl_up_sync(0xffffffffu, edge, d);
        if (tid >= d) edge = max(edge, v);
    }
    s.edge[tid] = s.last[tid] == NO_BIN ? UINT32_MAX : edge;
}

/* `ordered`: keys lie in the order of their bins. */
static __device__ void write_part(const thin_smem &s, gdk_top_k_part *part, unsigned n,
                                  bool ordered) {
    if (threadIdx.x < QUANTILES) {
        part->edge[threadIdx.x] = s.edge[threadIdx.x];
        part->upto[threadIdx.x] =
            ordered && s.last[threadIdx.x] != NO_BIN ? s.upto[threadIdx.x] : n;
    }
    if (threadIdx.x == 0) part->n = n;
}

/* One block: part blockIdx.x of picture blockIdx.y, at most GDK_TOP_K_PART scores, EACH a
 * thread in registers. A histogram over the values that occur finds the bin in which the k-th
 * best lies (or the last, of fewer scores); up to its end all stay, in the order of their
 * bins. */
static __global__ void __launch_bounds__(THREADS) thin_kernel(const gdk_top_k_args a) {
    __shared__ thin_smem s;
    const int            b = (int)blockIdx.y, tid = (int)threadIdx.x;
    const int count = gdk_top_k_count(a, b), most = (count + a.plan.parts - 1) / a.plan.parts;
    const int begin = min((int)blockIdx.x * most, count);
    const float    *score = a.score + (int64_t)b * a.score_pitch + begin;
    const int64_t   at = (int64_t)b * a.plan.parts + blockIdx.x;
    uint64_t       *out = a.kept + at * a.plan.room;
    gdk_top_k_part *part = a.part + at;
    const unsigned  room = (unsigned)a.plan.room, k = (unsigned)a.k;
    share           all = {{}, min(most, count - begin)};
    uint32_t        low = UINT32_MAX, high = 0;
#pragma unroll
    for (int u = 0; u < EACH; u++) {
        const int i = u * THREADS + tid;
        all.rank[u] = i < all.n ? gdk_rank_of(score[i]) : UINT32_MAX;
    }
    all.each([&](int, uint32_t r) {
        if (!gdk_top_k_finite(r)) return;
        low = min(low, r);
        high = max(high, r);
    });
    extremes(s, low, high);
    const gdk_top_k_line line = gdk_top_k_line_of(s.low, s.high);
    if (tid == 0) {
        s.n_out = 0;
        s.best = {0, 0, 0};
    }
    clear(s);
    all.each([&](int, uint32_t r) { atomicAdd(&s.bin[gdk_top_k_bin(line, r)], 1u); });
    __syncthreads();
    sum_up(s, min(k, (unsigned)all.n));
    find_quantiles(s, k, (unsigned)all.n);
    const reach    best = s.best;
    const unsigned kept = best.before + best.within;
    if (kept <= room) {
        find_edges(s, all, line, best.bin, UINT32_MAX);
        __syncthreads();
        write_part(s, part, kept, true);
        all.each([&](int i, uint32_t r) {
            const uint32_t bin = gdk_top_k_bin(line, r);
            if (kept && bin <= best.bin)
                out[atomicAdd(&s.bin[bin], 1u)] = (uint64_t)r << 32 | (uint32_t)(begin + i);
        });
        for (unsigned i = kept + (unsigned)tid; i < room; i += THREADS) out[i] = NO_KEY;
        return;
    }
    __syncthreads();
    unsigned       quota = 0, taken = 0;
    const uint32_t edge = refine(s, all, line, k, room, &quota);
    find_edges(s, all, line, best.bin, edge);
#pragma unroll
    for (int u = 0; u < EACH; u++) {
        const int i = u * THREADS + tid;
        bool      is = i < all.n && all.rank[u] <= edge;
        if (quota) {
            const bool tie = among_first(s, is && all.rank[u] == edge, quota, &taken);
            is = is && (all.rank[u] < edge || tie);
        }
        append(s, out, is, (uint64_t)all.rank[u] << 32 | (uint32_t)(begin + i));
    }
    __syncthreads();
    for (unsigned i = s.n_out + (unsigned)tid; i < room; i += THREADS) out[i] = NO_KEY;
    write_part(s, part, s.n_out, false);
}

extern "C" cudaError_t gdk_top_k_thin_launch(const gdk_top_k_args *a, cudaStream_t stream) {
    thin_kernel<<<dim3((unsigned)a->plan.parts, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
