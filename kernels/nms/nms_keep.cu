/* nms_keep.cu -- greedy suppression, exactly as one candidate after the other would do it.
 *
 * Bound by latency, and by what one multiprocessor reads of the matrix. One block a picture,
 * four stripes of 64 a step, which depend on the steps before. While warp 0 settles a step, the
 * other warps collect what the kept ones of all steps before do to the next one; what the step
 * itself does to the next is added in between, from words that have been read ahead.
 *
 * A picture with more candidates than its matrix holds has been settled by nms_group.cu: what
 * is left is to list the flags. */
#include "kernels/cuda/launch.cuh"
#include "kernels/nms/nms_hit.cuh"
#include "kernels/nms/nms_pick.h"

enum {
    STEP = 4,            /* stripes settled at once */
    PARTS = 2 * STEP,    /* warps of candidates in a step */
    HELPERS = 2 * PARTS, /* warps beside warp 0 */
    THREADS = 32 + 32 * HELPERS,
    AHEAD = 16, /* words that a thread reads for the next step */
    BATCH = 8,  /* and at once where that is not all */
    EACH = 16   /* flags that a thread reads at once */
};

struct keep_smem {
    uint64_t kept[GDK_NMS_MOST_STRIPES + STEP];
    int32_t  before[GDK_NMS_MOST_STRIPES + 1]; /* kept ones in earlier stripes */
    uint64_t inner[STEP * (STEP + 1)][32];     /* of the step that is settled now */
    unsigned gone[2][PARTS]; /* suppressed in a step by those before, by the step's parity */
};

/* Words of the stripes of a step about each other: number inner_at(p, t) is that of candidate
 * 32 p + lane about stripe t of the step, t <= p / 2. */
static __device__ __forceinline__ constexpr int inner_at(int p, int t) {
    return (p / 2) * (p / 2 + 1) + p % 2 * (p / 2 + 1) + t;
}
enum { INNER = STEP * (STEP + 1) };

static __device__ __forceinline__ void read_inner(uint64_t (&in)[INNER], const uint64_t *word,
                                                  int step, int stripes) {
    const int lane = (int)threadIdx.x % 32;
#pragma unroll
    for (int p = 0; p < PARTS; p++) {
        const int       stripe = STEP * step + p / 2;
        const uint64_t *w = word + (int64_t)gdk_stripe_tile(stripe, STEP * step) * GDK_STRIPE +
                            p % 2 * 32 + lane;
#pragma unroll
        for (int t = 0; t <= p / 2; t++)
            in[inner_at(p, t)] = stripe < stripes ? w[t * GDK_STRIPE] : 0;
    }
}

static __device__ __forceinline__ void put_inner(keep_smem &s, const uint64_t (&in)[INNER]) {
#pragma unroll
    for (int i = 0; i < INNER; i++) s.inner[i][threadIdx.x % 32] = in[i];
}

/* Warp 0: settles one step. */
static __device__ __forceinline__ void take_step(keep_smem &s, int step, int n) {
    const int lane = (int)threadIdx.x % 32;
    uint64_t  kept[STEP];
    unsigned *gone = s.gone[step & 1];
#pragma unroll
    for (int t = 0; t < STEP; t++) {
        const int stripe = STEP * step + t;
        uint64_t  low = 0, high = 0;
        uint64_t  alive =
            gdk_stripe_valid(stripe, n) & ~(gone[2 * t] | (uint64_t)gone[2 * t + 1] << 32);
#pragma unroll
        for (int e = 0; e < t; e++) {
            low |= s.inner[inner_at(2 * t, e)][lane] & kept[e];
            high |= s.inner[inner_at(2 * t + 1, e)][lane] & kept[e];
        }
        if (t) alive &= ~gdk_ballot2(low != 0, high != 0);
        kept[t] = gdk_nms_settle(alive, s.inner[inner_at(2 * t, t)][lane],
                                 s.inner[inner_at(2 * t + 1, t)][lane]);
    }
    __syncwarp();
    if (threadIdx.x < PARTS) gone[threadIdx.x] = 0;
    if (threadIdx.x == 0)
        for (int t = 0; t < STEP; t++) s.kept[STEP * step + t] = kept[t];
}

/* A helper warp's candidates and every second stripe of those before, `end` of them: whether
 * words meet a kept one. The first AHEAD words have been read. */
static __device__ __forceinline__ bool meets(const uint64_t (&read)[INNER], const uint64_t *w,
                                             const uint64_t *kept, int end) {
    uint64_t hit = 0;
    for (int first = AHEAD; first < end; first += BATCH) {
        uint64_t v[BATCH];
#pragma unroll
        for (int k = 0; k < BATCH; k++)
            v[k] = first + k < end ? w[2 * (first + k) * GDK_STRIPE] : 0;
#pragma unroll
        for (int k = 0; k < BATCH; k++)
            hit |= v[k] & kept[first + k < end ? 2 * (first + k) : 0];
    }
#pragma unroll
    for (int k = 0; k < AHEAD; k++)
        if (k < end) hit |= read[k] & kept[2 * k];
    return hit != 0;
}

/* Whose candidates a helper warp looks after: half a stripe of each step, against every second
 * stripe. Of what it has read, AHEAD words are about stripes long before, two about the last
 * step. */
typedef struct helper {
    const uint64_t *word; /* of the candidate of this lane */
    int             part, odd;
} helper;

/* Before a step is settled: what the kept ones of the step before do to it. */
static __device__ __forceinline__ void finish_step(keep_smem &s, const helper &h, int step,
                                                   const uint64_t (&read)[INNER]) {
    const uint64_t *kept = s.kept + STEP * (step - 1) + 2 * h.odd;
    const bool      hit = step && ((read[AHEAD] & kept[0]) | (read[AHEAD + 1] & kept[1])) != 0;
    const unsigned  who = __ballot_sync(0xffffffffu, hit);
    if (threadIdx.x % 32 == 0 && who) atomicOr(&s.gone[step & 1][h.part], who);
}

/* While a step is settled: what the kept ones before it do to the next one. */
static __device__ __forceinline__ void begin_step(keep_smem &s, const helper &h, int step,
                                                  int stripes, uint64_t (&read)[INNER]) {
    const int stripe = STEP * (step + 1) + h.part / 2, end = STEP * step;
    read[AHEAD] = read[AHEAD + 1] = 0;
    if (stripe < stripes) {
        const uint64_t *w = h.word + (int64_t)gdk_stripe_tile(stripe, h.odd) * GDK_STRIPE;
        read[AHEAD] = w[(end + h.odd) * GDK_STRIPE];
        read[AHEAD + 1] = w[(end + h.odd + 1) * GDK_STRIPE];
        const unsigned who =
            __ballot_sync(0xffffffffu, meets(read, w, s.kept + h.odd, end / 2));
        if (threadIdx.x % 32 == 0 && who) atomicOr(&s.gone[(step + 1) & 1][h.part], who);
    }
    if (stripe + STEP < stripes) {
        const uint64_t *w =
            h.word + (int64_t)gdk_stripe_tile(stripe + STEP, h.odd) * GDK_STRIPE;
#pragma unroll
        for (int k = 0; k < AHEAD; k++)
            if (2 * k < end + STEP) read[k] = w[2 * k * GDK_STRIPE];
    }
}

/* All stripes of the matrix, which holds n candidates. */
static __device__ void reduce(keep_smem &s, const uint64_t *word, int n) {
    const int lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
    const int stripes = (n + GDK_STRIPE - 1) / GDK_STRIPE, steps = (stripes + STEP - 1) / STEP;
    const int part = (warp - 1) % PARTS;
    const helper h = {word + part % 2 * 32 + lane, part, (warp - 1) / PARTS};
    uint64_t     read[INNER] = {}; /* ahead of its use, by either kind of warp */
    static_assert(AHEAD + 2 <= INNER, "both kinds of warps use one array");
    if (warp == 0) read_inner(read, word, 0, stripes);
    for (int step = 0; step < steps; step++) {
        if (warp == 0)
            put_inner(s, read);
        else
            finish_step(s, h, step, read);
        __syncthreads(); /* s.gone is complete */
        if (warp == 0) {
            read_inner(read, word, step + 1, stripes);
            take_step(s, step, n);
        } else {
            begin_step(s, h, step, stripes, read);
        }
        __syncthreads(); /* s.kept is complete */
    }
}

/* Fills s.before; before[stripes] is the number of kept ones. */
static __device__ void number(keep_smem &s, int stripes) {
    const int lane = (int)threadIdx.x;
    if (lane < 32) {
        int carry = 0;
        for (int base = 0; base < stripes; base += 32) {
            const int own = base + lane < stripes ? __popcll(s.kept[base + lane]) : 0;
            int       upto = own;
            for (int d = 1; d < 32; d *= 2) {
                const int v = __shfl_up_sync(0xffffffffu, upto, d);
                if (lane >= d) upto += v;
            }
            if (base + lane < stripes) s.before[base + lane] = carry + upto - own;
            carry += __shfl_sync(0xffffffffu, upto, 31);
        }
        if (lane == 0) s.before[stripes] = carry;
    }
    __syncthreads();
}

/* The candidates of n whose flag is set, in order: the first a.most of them as indices. Returns
 * their number. */
static __device__ int gather(const gdk_nms_args &a, keep_smem &s, const uint8_t *flag,
                             const int2 *tag, int32_t *index, int n) {
    const int lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
    int       kept = 0;
    for (int base = 0; base < n; base += THREADS * EACH) {
        const int first = base + (int)threadIdx.x * EACH;
        unsigned  mine = 0;
        if (first < n) {
            const uint4    f = *(const uint4 *)(flag + first);
            const unsigned word[4] = {f.x, f.y, f.z, f.w};
#pragma unroll
            for (int i = 0; i < EACH; i++) mine |= (word[i / 4] >> i % 4 * 8 & 1) << i;
        }
        int upto = __popc(mine);
        for (int d = 1; d < 32; d *= 2) {
            const int v = __shfl_up_sync(0xffffffffu, upto, d);
            if (lane >= d) upto += v;
        }
        if (lane == 31) s.before[warp] = upto;
        __syncthreads();
        int at = kept + upto - __popc(mine);
        for (int w = 0; w < THREADS / 32; w++) {
            if (w < warp) at += s.before[w];
            kept += s.before[w];
        }
        for (; mine && at < a.most; mine &= mine - 1)
            index[at++] = tag[first + __ffs((int)mine) - 1].y;
        __syncthreads();
    }
    return kept;
}

/* The kept ones of the matrix, which holds all n candidates. */
static __device__ int gather_matrix(const gdk_nms_args &a, keep_smem &s, const uint64_t *word,
                                    const int2 *tag, int32_t *index, int n) {
    const int stripes = (n + GDK_STRIPE - 1) / GDK_STRIPE;
    if (threadIdx.x < 2 * PARTS) s.gone[threadIdx.x / PARTS][threadIdx.x % PARTS] = 0;
    __syncthreads();
    reduce(s, word, n);
    number(s, stripes);
    for (int i = (int)threadIdx.x; i < n; i += THREADS) {
        const uint64_t stay = s.kept[i / GDK_STRIPE];
        if (!(stay >> i % GDK_STRIPE & 1)) continue;
        const int at =
            s.before[i / GDK_STRIPE] + __popcll(stay & (((uint64_t)1 << i % GDK_STRIPE) - 1));
        if (at < a.most) index[at] = tag[i].y;
    }
    return s.before[stripes];
}

static __global__ void __launch_bounds__(THREADS) keep_kernel(const gdk_nms_args a) {
    __shared__ keep_smem s;
    gdk_grid_follow();
    const int       b = (int)blockIdx.x, n = a.work.n_cand[b];
    const int2     *tag = (const int2 *)a.work.tag + (int64_t)b * a.n;
    int32_t        *index = a.index + (int64_t)b * a.index_pitch;
    const uint64_t *word =
        a.work.word + (int64_t)b * gdk_stripe_tile(a.stripes, 0) * GDK_STRIPE;
    const int kept = n <= a.stripes * GDK_STRIPE
                         ? gather_matrix(a, s, word, tag, index, n)
                         : gather(a, s, a.work.flag + b * gdk_nms_flags(a.n), tag, index, n);
    for (int j = kept + (int)threadIdx.x; j < a.most; j += THREADS) index[j] = -1;
    if (threadIdx.x == 0) {
        a.n_out[b] = min(kept, a.most);
        a.dropped[b] = max(kept - a.most, 0);
    }
}

extern "C" cudaError_t gdk_nms_keep_launch(const gdk_nms_args *a, cudaStream_t stream) {
    return gdk_launch(keep_kernel, (unsigned)a->B, THREADS, 0, stream, a->early, 1, *a);
}
