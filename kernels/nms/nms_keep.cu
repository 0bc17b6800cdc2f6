/* nms_keep.cu -- greedy suppression, exactly as one candidate after the other would do it.
 *
 * Bound by latency: stripes depend on each other. One block a picture. While warp 0 settles a
 * stripe of 64, the others collect what the kept ones of all stripes but this one do to the
 * next stripe, so that warp 0 only has to add the words of the stripe it has just settled.
 * Within a stripe, `kept = alive and not hit by a kept one` is repeated until nothing changes:
 * bit i depends on lower bits alone, so the result is the sequential one, after few rounds.
 *
 * Candidates beyond the matrix (more than 64 * stripes) are taken 64 at a time and compared
 * with every kept box: exact, and slow, for what hardly occurs. */
#include "kernels/nms/nms_cuda.h"
#include "kernels/nms/nms_pick.h"
#include "kernels/nms/nms_stripe.h"

enum {
    THREADS = 1024,
    SLOTS = 15, /* of two warps each: stripes that are read at once */
    EACH = (GDK_NMS_MOST_STRIPES + SLOTS - 1) / SLOTS
};

struct keep_smem {
    uint64_t kept[GDK_NMS_MOST_STRIPES];
    int32_t  before[GDK_NMS_MOST_STRIPES + 1]; /* kept ones in earlier stripes */
    unsigned gone[2][2];                       /* suppressed in the stripe, by parity; halves */
    uint64_t settled;                          /* of a stripe beyond the matrix */
    unsigned hit[GDK_STRIPE][2];
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

/* Warp 0, stripe s; `mine` are the words of the stripe itself, `last` of the one before. */
static __device__ __forceinline__ void take_stripe(keep_smem &s, int stripe, int n,
                                                   const uint64_t (&mine)[2],
                                                   const uint64_t (&last)[2]) {
    unsigned *gone = s.gone[stripe & 1];
    uint64_t  alive = gdk_stripe_valid(stripe, n) & ~(gone[0] | (uint64_t)gone[1] << 32);
    __syncwarp();
    if (stripe) {
        const uint64_t kept = s.kept[stripe - 1];
        alive &= ~ballot2((last[0] & kept) != 0, (last[1] & kept) != 0);
    }
    alive = settle(alive, mine[0], mine[1]);
    if (threadIdx.x == 0) {
        s.kept[stripe] = alive;
        gone[0] = gone[1] = 0;
    }
}

/* All stripes of the matrix, which holds n candidates. */
static __device__ void reduce(keep_smem &s, const uint64_t *word, int n) {
    const int tid = (int)threadIdx.x, lane = tid % 32, warp = tid / 32;
    const int stripes = (n + GDK_STRIPE - 1) / GDK_STRIPE;
    const int slot = (warp - 1) / 2, half = (warp - 1) % 2;
    uint64_t  mine[2] = {0, 0}, last[2] = {0, 0}, ahead[EACH];
    if (warp == 0 && stripes)
        for (int h = 0; h < 2; h++) mine[h] = word[lane + 32 * h];
    for (int st = 0; st < stripes; st++) {
        if (warp == 0) {
            uint64_t next[2] = {0, 0}, next_last[2] = {0, 0};
            if (st + 1 < stripes)
                for (int h = 0; h < 2; h++) {
                    const uint64_t *w = word +
                                        (int64_t)gdk_stripe_tile(st + 1, st) * GDK_STRIPE +
                                        lane + 32 * h;
                    next_last[h] = w[0];
                    next[h] = w[GDK_STRIPE];
                }
            take_stripe(s, st, n, mine, last);
            for (int h = 0; h < 2; h++) {
                mine[h] = next[h];
                last[h] = next_last[h];
            }
        } else if (slot < SLOTS) {
            uint64_t hit = 0;
#pragma unroll
            for (int k = 0; k < EACH; k++)
                if (slot + k * SLOTS < st) hit |= ahead[k] & s.kept[slot + k * SLOTS];
            if (st && st + 1 < stripes) {
                const unsigned who = __ballot_sync(0xffffffffu, hit != 0);
                if (lane == 0 && who) atomicOr(&s.gone[(st + 1) & 1][half], who);
            }
            if (st + 2 < stripes) {
                const uint64_t *w = word + (int64_t)gdk_stripe_tile(st + 2, slot) * GDK_STRIPE +
                                    lane + 32 * half;
#pragma unroll
                for (int k = 0; k < EACH; k++)
                    if (slot + k * SLOTS <= st) ahead[k] = w[k * SLOTS * GDK_STRIPE];
            }
        }
        __syncthreads();
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

static __device__ __forceinline__ gdk_nms_box box_at(const float4 *box, int i) {
    const float4 p = box[i];
    return {p.x, p.y, p.z, p.w, gdk_nms_area(p.x, p.y, p.z, p.w)};
}

/* Candidates from `first` on, all stripes before it settled and `kept` of them in `place`;
 * returns the number of kept ones in all. */
static __device__ int take_rest(const gdk_nms_args &a, keep_smem &s, const float4 *box,
                                const int2 *tag, int32_t *place, int32_t *index, int first,
                                int n, int kept) {
    const int tid = (int)threadIdx.x, row = tid % GDK_STRIPE, slot = tid / GDK_STRIPE;
    for (; first < n; first += GDK_STRIPE) {
        const int         i = min(first + row, n - 1), group = tag[i].x;
        const gdk_nms_box mine = box_at(box, i);
        if (tid < 2) s.gone[0][tid] = 0;
        if (tid < 2 * GDK_STRIPE) s.hit[tid / 2][tid % 2] = 0;
        __syncthreads();
        bool gone = false;
        for (int k = slot; k < kept && !gone; k += THREADS / GDK_STRIPE) {
            const int j = place[k];
            if (tag[j].x != group) continue;
            const gdk_nms_box other = box_at(box, j);
            gone = gdk_nms_overlaps(&other, &mine, a.iou, a.plain != 0);
        }
        if (gone) atomicOr(&s.gone[0][row / 32], 1u << row % 32);
        for (int c = slot; c < row; c += THREADS / GDK_STRIPE) {
            if (first + row >= n || tag[first + c].x != group) continue;
            const gdk_nms_box other = box_at(box, first + c);
            if (gdk_nms_overlaps(&other, &mine, a.iou, a.plain != 0))
                atomicOr(&s.hit[row][c / 32], 1u << c % 32);
        }
        __syncthreads();
        if (tid < 32) {
            const uint64_t low = s.hit[tid][0] | (uint64_t)s.hit[tid][1] << 32;
            const uint64_t high = s.hit[tid + 32][0] | (uint64_t)s.hit[tid + 32][1] << 32;
            const uint64_t valid = gdk_stripe_valid(0, n - first);
            const uint64_t alive = valid & ~(s.gone[0][0] | (uint64_t)s.gone[0][1] << 32);
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
    const int            b = (int)blockIdx.x, tid = (int)threadIdx.x;
    const int            all = a.work.n_cand[b], n = min(all, a.stripes * GDK_STRIPE);
    const float4        *box = (const float4 *)a.work.box + (int64_t)b * a.n;
    const int2          *tag = (const int2 *)a.work.tag + (int64_t)b * a.n;
    int32_t             *index = a.index + (int64_t)b * a.index_pitch;
    int32_t             *place = all > n ? a.work.kept + (int64_t)b * a.n : NULL;
    const uint64_t      *word =
        a.work.word + (int64_t)b * gdk_stripe_tile(a.stripes, 0) * GDK_STRIPE;
    const int stripes = (n + GDK_STRIPE - 1) / GDK_STRIPE;
    if (tid < 4) s.gone[tid / 2][tid % 2] = 0;
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
    keep_kernel<<<(unsigned)a->B, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
