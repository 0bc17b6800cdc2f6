/* top_k_thin.cu -- top-k of long rows, first half: blocks thin their share of the scores out.
 *
 * Bound by latency: scores are read once, and a histogram in shared memory says which of them
 * may still be among the k best. */
#include "kernels/top_k/top_k_cuda.h"
#include "kernels/top_k/top_k_each.cuh"

#define NO_KEY UINT64_MAX /* above every key */

enum { THREADS = 1024, WARPS = THREADS / 32, EACH = GDK_TOP_K_PART / THREADS, SLOTS = 4 };
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
    uint32_t edge;      /* the largest rank that is not beyond the bound */
    reach    best, bound;
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

/* Turns counts to sums, and finds the bins where they reach best and bound (0: not asked). */
static __device__ void sum_up(thin_smem &s, unsigned best, unsigned bound) {
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
        if (before < bound && bound <= before + own[i]) s.bound = {bin, before, own[i]};
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

/* The zones of a part whose keys lie in the order of their bins; `edge` is the last bin. */
static __device__ void write_zones(const thin_smem &s, gdk_top_k_part *part,
                                   gdk_top_k_line line, uint32_t edge, unsigned n) {
    const int bits = 32 - __clz((int)edge), wide = bits > 5 ? bits - 5 : 0;
    if (threadIdx.x < GDK_TOP_K_ZONES) {
        const uint32_t next = (threadIdx.x + 1) << wide;
        part->zone[threadIdx.x] = next > edge ? n : s.bin[next];
    }
    if (threadIdx.x == 0) {
        part->line = line;
        part->wide = (uint32_t)wide;
        part->n = n;
    }
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
        sum_up(s, k - before, 0);
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

/* One block: part blockIdx.x of picture blockIdx.y, at most GDK_TOP_K_PART scores, EACH a
 * thread in registers. A histogram over the values that occur finds the bin in which the k-th
 * best lies; up to its end all stay, in the order of their bins. */
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
    const unsigned  per_part = (k + (unsigned)a.plan.parts - 1) / (unsigned)a.plan.parts;
    share           all = {{}, min(most, count - begin)};
    uint32_t        low = UINT32_MAX, high = 0, edge = UINT32_MAX;
    unsigned        quota = 0;
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
    if (tid == 0) s.n_out = s.edge = 0;
    if (all.n > (int)room) {
        const gdk_top_k_line line = gdk_top_k_line_of(s.low, s.high);
        clear(s);
        all.each([&](int, uint32_t r) { atomicAdd(&s.bin[gdk_top_k_bin(line, r)], 1u); });
        __syncthreads();
        sum_up(s, k, per_part);
        const uint32_t bound = s.bound.bin, best = s.best.bin;
        uint32_t       within = 0;
        all.each([&](int, uint32_t r) {
            if (gdk_top_k_bin(line, r) <= bound) within = max(within, r);
        });
        for (int d = 16; d > 0; d /= 2)
            within = max(within, __shfl_xor_sync(0xffffffffu, within, d));
        if ((tid & 31) == 0) atomicMax(&s.edge, within);
        const unsigned kept = s.best.before + s.best.within;
        if (kept <= room) {
            write_zones(s, part, line, best, kept);
            __syncthreads();
            if (tid == 0) part->bound = s.edge;
            all.each([&](int i, uint32_t r) {
                const uint32_t bin = gdk_top_k_bin(line, r);
                if (bin <= best)
                    out[atomicAdd(&s.bin[bin], 1u)] = (uint64_t)r << 32 | (uint32_t)(begin + i);
            });
            for (unsigned i = kept + (unsigned)tid; i < room; i += THREADS) out[i] = NO_KEY;
            return;
        }
        __syncthreads();
        edge = refine(s, all, line, k, room, &quota);
    }
    unsigned taken = 0;
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
    if (tid < GDK_TOP_K_ZONES) part->zone[tid] = s.n_out;
    if (tid == 0) {
        /* Where all stay, nothing is bounded. */
        part->bound = all.n > (int)room ? s.edge : UINT32_MAX;
        part->line = gdk_top_k_line{0.0f, 0.0f};
        part->wide = 31;
        part->n = s.n_out;
    }
}

extern "C" cudaError_t gdk_top_k_thin_launch(const gdk_top_k_args *a, cudaStream_t stream) {
    thin_kernel<<<dim3((unsigned)a->plan.parts, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
