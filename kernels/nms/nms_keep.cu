/* nms_keep.cu -- greedy suppression, exactly as one candidate after the other would do it.
 *
 * Bound by latency, and by what one multiprocessor reads of the matrix. One block a picture,
 * four stripes of 64 a step, which depend on the steps before. While warp 0 settles a step, the
 * other warps collect what the kept ones of all steps before do to the next one; what the step
 * itself does to the next is added in between, from words that have been read ahead.
 * Within a stripe, `kept = alive and not hit by a kept one` is repeated until nothing changes:
 * bit i depends on lower bits alone, so the result is the sequential one, after few rounds.
 *
 * Candidates beyond the matrix (more than 64 * stripes) are taken 64 at a time and compared
 * with every kept box: exact, and slow, for what hardly occurs. */
#include "kernels/cuda/launch.cuh"
#include "kernels/nms/nms_hit.cuh"
#include "kernels/nms/nms_pick.h"

enum {
    STEP = 4,            /* stripes settled at once */
    PARTS = 2 * STEP,    /* warps of candidates in a step */
    HELPERS = 2 * PARTS, /* warps beside warp 0 */
    THREADS = 32 + 32 * HELPERS,
    AHEAD = 16, /* words that a thread reads for the next step */
    BATCH = 8   /* and at once where that is not all */
};

struct keep_smem {
    uint64_t kept[GDK_NMS_MOST_STRIPES + STEP];
    int32_t  before[GDK_NMS_MOST_STRIPES + 1]; /* kept ones in earlier stripes */
    uint64_t inner[STEP * (STEP + 1)][32];     /* of the step that is settled now */
    unsigned gone[2][PARTS]; /* suppressed in a step by those before, by the step's parity */
    /* A stripe beyond the matrix: its candidates, which of them hit which, which stay. */
    gdk_nms_box row[GDK_STRIPE];
    int         group[GDK_STRIPE];
    unsigned    hit[GDK_STRIPE][2];
    uint64_t    settled;
};

static __device__ __forceinline__ uint64_t ballot2(bool low, bool high) {
    const uint64_t a = __ballot_sync(0xffffffffu, low), b = __ballot_sync(0xffffffffu, high);
    return a | b << 32;
}

/* One warp: which of `alive` stay; lane i has the words of candidates i and i + 32. */
static __device__ __forceinline__ uint64_t settle(uint64_t alive, uint64_t low, uint64_t high) {
    uint64_t kept = alive;
    for (;;) {
        const uint64_t next = alive & ~ballot2((low & kept) != 0, (high & kept) != 0);
        if (next == kept) return kept;
        kept = next;
    }
}

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
        if (t) alive &= ~ballot2(low != 0, high != 0);
        kept[t] = settle(alive, s.inner[inner_at(2 * t, t)][lane],
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

static __device__ __forceinline__ gdk_nms_box box_at(const float4 *box, int i, float iou) {
    const float4 p = box[i];
    return gdk_nms_box_of(p.x, p.y, p.z, p.w, iou);
}

/* Which of the 64 candidates in s.row one of the `kept` boxes in `place` suppresses: into
 * s.gone[0]. */
static __device__ void compare_with_kept(const gdk_nms_args &a, keep_smem &s, const float4 *box,
                                         const int2 *tag, const int32_t *place, int kept) {
    unsigned gone[2] = {0, 0};
    for (int k = (int)threadIdx.x; k < kept; k += THREADS) {
        const gdk_nms_box other = box_at(box, place[k], a.iou);
        const int         group = tag[place[k]].x;
#pragma unroll
        for (int h = 0; h < 2; h++)
#pragma unroll 1
            for (int c = 0; c < 32; c++)
                if (s.group[32 * h + c] == group && gdk_nms_hit(a, &other, &s.row[32 * h + c]))
                    gone[h] |= 1u << c;
    }
    for (int h = 0; h < 2; h++)
        if (gone[h]) atomicOr(&s.gone[0][h], gone[h]);
}

/* Candidates from `first` on, all before settled and `kept` of them in `place`; returns the
 * number of kept ones in all. */
static __device__ int take_rest(const gdk_nms_args &a, keep_smem &s, const float4 *box,
                                const int2 *tag, int32_t *place, int32_t *index, int first,
                                int n, int kept) {
    const int tid = (int)threadIdx.x, row = tid % GDK_STRIPE;
    for (; first < n; first += GDK_STRIPE) {
        if (tid < 2) s.gone[0][tid] = 0;
        if (tid < 2 * GDK_STRIPE) s.hit[tid / 2][tid % 2] = 0;
        if (tid < GDK_STRIPE) {
            const int i = min(first + tid, n - 1);
            s.row[tid] = box_at(box, i, a.iou);
            s.group[tid] = tag[i].x;
        }
        __syncthreads();
        compare_with_kept(a, s, box, tag, place, kept);
        for (int c = tid / GDK_STRIPE; c < row; c += THREADS / GDK_STRIPE)
            if (tid < THREADS / GDK_STRIPE * GDK_STRIPE && s.group[c] == s.group[row] &&
                gdk_nms_hit(a, &s.row[c], &s.row[row]))
                atomicOr(&s.hit[row][c / 32], 1u << c % 32);
        __syncthreads();
        if (tid < 32) {
            const uint64_t low = s.hit[tid][0] | (uint64_t)s.hit[tid][1] << 32;
            const uint64_t high = s.hit[tid + 32][0] | (uint64_t)s.hit[tid + 32][1] << 32;
            const uint64_t alive =
                gdk_stripe_valid(0, n - first) & ~(s.gone[0][0] | (uint64_t)s.gone[0][1] << 32);
            const uint64_t stay = settle(alive, low, high);
            if (tid == 0) s.settled = stay;
        }
        __syncthreads();
        const uint64_t stay = s.settled;
        if (tid < GDK_STRIPE && stay >> tid & 1) {
            const int at = kept + __popcll(stay & (((uint64_t)1 << tid) - 1));
            place[at] = first + tid;
            if (at < a.most) index[at] = tag[first + tid].y;
        }
        kept += __popcll(stay);
        __syncthreads();
    }
    return kept;
}

static __global__ void __launch_bounds__(THREADS) keep_kernel(const gdk_nms_args a) {
    __shared__ keep_smem s;
    gdk_grid_follow();
    const int       b = (int)blockIdx.x, tid = (int)threadIdx.x;
    const int       all = a.work.n_cand[b], n = min(all, a.stripes * GDK_STRIPE);
    const float4   *box = (const float4 *)a.work.box + (int64_t)b * a.n;
    const int2     *tag = (const int2 *)a.work.tag + (int64_t)b * a.n;
    int32_t        *index = a.index + (int64_t)b * a.index_pitch;
    int32_t        *place = all > n ? a.work.kept + (int64_t)b * a.n : NULL;
    const uint64_t *word =
        a.work.word + (int64_t)b * gdk_stripe_tile(a.stripes, 0) * GDK_STRIPE;
    const int stripes = (n + GDK_STRIPE - 1) / GDK_STRIPE;
    if (tid < 2 * PARTS) s.gone[tid / PARTS][tid % PARTS] = 0;
    __syncthreads();
    reduce(s, word, n);
    number(s, stripes);
    int kept = s.before[stripes];
    for (int i = tid; i < n; i += THREADS) {
        const uint64_t stay = s.kept[i / GDK_STRIPE];
        if (!(stay >> i % GDK_STRIPE & 1)) continue;
        const int at =
            s.before[i / GDK_STRIPE] + __popcll(stay & (((uint64_t)1 << i % GDK_STRIPE) - 1));
        if (place) place[at] = i;
        if (at < a.most) index[at] = tag[i].y;
    }
    __syncthreads();
    if (place) kept = take_rest(a, s, box, tag, place, index, n, all, kept);
    for (int j = kept + tid; j < a.most; j += THREADS) index[j] = -1;
    if (tid == 0) {
        a.n_out[b] = min(kept, a.most);
        a.dropped[b] = max(kept - a.most, 0);
    }
}

extern "C" cudaError_t gdk_nms_keep_launch(const gdk_nms_args *a, cudaStream_t stream) {
    return gdk_launch(keep_kernel, (unsigned)a->B, THREADS, 0, stream, a->early, 1, *a);
}
