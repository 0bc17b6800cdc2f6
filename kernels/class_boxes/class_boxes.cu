/* class_boxes.cu -- per-class selection: rows count their candidates, then write them in order.
 *
 * Bound by memory and latency: the scores are read twice, boxes only of scores that pass. A
 * warp owns a row in both kernels. Every block of the second adds up the counts of the rows
 * before its own, which is cheaper than a launch that would do it once. With a limit for each
 * class, a kernel before them finds the last that stays: a block a class, whose column of
 * scores comes from the L2 cache. */
#include "kernels/class_boxes/class_boxes_cuda.h"
#include "kernels/cuda/last_key.cuh"
#include "kernels/rank.h"

enum { THREADS = 256, WARPS = THREADS / 32 };

static __device__ __forceinline__ int rows_of(const gdk_class_boxes_args &a, int b) {
    const int c = a.count ? a.count[b] : a.n;
    return c < 0 ? 0 : c > a.n ? a.n : c;
}

static __device__ __forceinline__ float4 box_of(const gdk_class_boxes_args &a, int64_t row,
                                                int k) {
    return *(const float4 *)(a.box + row * a.box_pitch + (a.shared ? 0 : 4 * (int64_t)k));
}

/* Whether class k of row i of picture b, with score v, is a candidate; `limit` as in the
 * arguments, or NULL. */
static __device__ __forceinline__ bool passes(const gdk_class_boxes_args &a,
                                              const uint64_t *limit, int b, int i, int k,
                                              float v, float4 *box) {
    bool is = k < a.classes && k != a.background && v > a.min_score;
    if (is && limit)
        is = gdk_rank_key(v, (int64_t)i * a.classes + k) <= limit[(int64_t)b * a.classes + k];
    if (is) {
        *box = box_of(a, (int64_t)b * a.n + i, k);
        is = box->z - box->x >= a.min_size && box->w - box->y >= a.min_size;
    }
    return is;
}

static __global__ void __launch_bounds__(THREADS, 2)
    count_kernel(const gdk_class_boxes_args a) {
    const int b = (int)blockIdx.y, lane = (int)threadIdx.x % 32;
    const int i = (int)blockIdx.x * WARPS + (int)threadIdx.x / 32;
    if (i >= rows_of(a, b)) return;
    const int64_t row = (int64_t)b * a.n + i;
    const float  *score = a.score + row * a.score_pitch;
    int           count = 0;
    float         top = -1.0f;
    for (int first = 0; first < a.classes; first += 32) {
        const int   k = first + lane;
        const float v = k < a.classes ? score[k] : 0.0f;
        float4      box = {};
        if (k < a.classes && k != a.background) top = fmaxf(top, v);
        count += __popc(__ballot_sync(0xffffffffu, passes(a, a.limit, b, i, k, v, &box)));
    }
    for (int d = 16; d > 0; d /= 2) top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, d));
    if (lane == 0) {
        a.row_count[row] = count;
        a.row_top[row] = top;
    }
}

/* ---- more candidates than the capacity --------------------------------------------------- */

/* The same sum in all threads; s is theirs for this. */
static __device__ int block_sum(int v, int *s) {
    for (int d = 16; d > 0; d /= 2) v += __shfl_xor_sync(0xffffffffu, v, d);
    __syncthreads();
    if (threadIdx.x % 32 == 0) s[threadIdx.x / 32] = v;
    __syncthreads();
    v = 0;
    for (int w = 0; w < WARPS; w++) v += s[w];
    return v;
}

static __device__ __forceinline__ bool candidate(const gdk_class_boxes_args &a,
                                                 const uint64_t *limit, int b, int at,
                                                 uint64_t *key) {
    const int   i = at / a.classes, k = at % a.classes;
    const float v = a.score[((int64_t)b * a.n + i) * a.score_pitch + k];
    float4      box = {};
    *key = gdk_rank_key(v, at);
    return passes(a, limit, b, i, k, v, &box);
}

/* The largest key that stays: the need-th of pairs first, first + step ... below `all`. Each
 * block searches for itself; what hardly occurs need not be fast. */
static __device__ uint64_t search_last(const gdk_class_boxes_args &a, const uint64_t *limit,
                                       int b, int first, int step, int all, unsigned need) {
    return gdk_last_key<THREADS>(
        [&](int at, uint64_t *key) { return candidate(a, limit, b, at, key); }, first, step,
        all, need);
}

/* ---- more of a class than its limit ------------------------------------------------------ */

static __global__ void __launch_bounds__(THREADS, 2)
    limit_kernel(const gdk_class_boxes_args a) {
    __shared__ int s[WARPS];
    const int      b = (int)blockIdx.y, k = (int)blockIdx.x, all = rows_of(a, b) * a.classes;
    uint64_t       last = UINT64_MAX;
    int            count = 0;
    for (int64_t at = k + (int64_t)a.classes * (int)threadIdx.x; at < all;
         at += (int64_t)a.classes * THREADS) {
        uint64_t key;
        count += candidate(a, NULL, b, (int)at, &key);
    }
    if (block_sum(count, s) > a.per_class)
        last = search_last(a, NULL, b, k, a.classes, all, (unsigned)a.per_class);
    if (threadIdx.x == 0) a.limit[(int64_t)b * a.classes + k] = last;
}

/* ---- writing ----------------------------------------------------------------------------- */

struct totals {
    int   before, all; /* candidates of the rows before the block's, of all rows */
    float top;
};

static __device__ totals add_up(const gdk_class_boxes_args &a, int b, int first, int rows,
                                int *s) {
    const int32_t   *count = a.row_count + (int64_t)b * a.n;
    const float     *row_top = a.row_top + (int64_t)b * a.n;
    __shared__ float best[WARPS];
    totals           t = {0, 0, -1.0f};
    for (int i = (int)threadIdx.x; i < rows; i += THREADS) {
        const int c = count[i];
        t.all += c;
        if (i < first) t.before += c;
        if (first == 0) t.top = fmaxf(t.top, row_top[i]);
    }
    t.all = block_sum(t.all, s);
    t.before = block_sum(t.before, s);
    for (int d = 16; d > 0; d /= 2)
        t.top = fmaxf(t.top, __shfl_xor_sync(0xffffffffu, t.top, d));
    if (threadIdx.x % 32 == 0) best[threadIdx.x / 32] = t.top;
    __syncthreads();
    for (int w = 0; w < WARPS; w++) t.top = fmaxf(t.top, best[w]);
    return t;
}

static __global__ void __launch_bounds__(THREADS, 2)
    write_kernel(const gdk_class_boxes_args a) {
    __shared__ int s[WARPS], row_count[WARPS];
    const int     b = (int)blockIdx.y, tid = (int)threadIdx.x, lane = tid % 32, warp = tid / 32;
    const int     rows = rows_of(a, b), first = (int)blockIdx.x * WARPS, i = first + warp;
    const int64_t row = (int64_t)b * a.n + i;
    const float  *score = a.score + row * a.score_pitch;
    float        *score_out = a.score_out + (int64_t)b * a.score_out_pitch;
    int32_t      *label = a.label + (int64_t)b * a.label_pitch;
    float        *box_out = a.box_out + (int64_t)b * a.capacity * a.box_out_pitch;
    totals        t = add_up(a, b, first, rows, s);
    const int     all = t.all, stay = min(all, a.capacity);
    uint64_t      last = UINT64_MAX;
    if (all > a.capacity && first < rows) {
        last = search_last(a, a.limit, b, 0, 1, rows * a.classes, (unsigned)a.capacity);
        int before = 0;
        for (int at = tid; at < first * a.classes; at += THREADS) {
            uint64_t key;
            before += candidate(a, a.limit, b, at, &key) && key <= last;
        }
        t.before = block_sum(before, s);
    }
    /* What the warps before this one write. */
    int own = 0;
    for (int f = 0; i < rows && f < a.classes; f += 32) {
        const float v = f + lane < a.classes ? score[f + lane] : 0.0f;
        float4      box = {};
        const bool  is = passes(a, a.limit, b, i, f + lane, v, &box) &&
                        gdk_rank_key(v, (int64_t)i * a.classes + f + lane) <= last;
        own += __popc(__ballot_sync(0xffffffffu, is));
    }
    if (lane == 0) row_count[warp] = own;
    __syncthreads();
    int at = t.before;
    for (int w = 0; w < warp; w++) at += row_count[w];
    for (int f = 0; i < rows && f < a.classes; f += 32) {
        const int   k = f + lane;
        const float v = k < a.classes ? score[k] : 0.0f;
        float4      box = {};
        const bool  is = passes(a, a.limit, b, i, k, v, &box) &&
                        gdk_rank_key(v, (int64_t)i * a.classes + k) <= last;
        const unsigned who = __ballot_sync(0xffffffffu, is);
        const int      to = at + __popc(who & ((1u << lane) - 1u));
        if (is && to < a.capacity) {
            *(float4 *)(box_out + to * a.box_out_pitch) = box;
            score_out[to] = v;
            label[to] = k;
        }
        at += __popc(who);
    }
    for (int j = stay + (int)blockIdx.x * THREADS + tid; j < a.capacity;
         j += (int)gridDim.x * THREADS) {
        *(float4 *)(box_out + j * a.box_out_pitch) = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        score_out[j] = 0.0f;
        label[j] = -1;
    }
    if (first == 0 && tid == 0) {
        a.found[b] = stay;
        a.dropped[b] = all - stay;
        a.top[b] = t.top;
    }
}

extern "C" cudaError_t gdk_class_boxes_launch(const gdk_class_boxes_args *a,
                                              cudaStream_t                stream) {
    const int  blocks = (a->n + WARPS - 1) / WARPS;
    const dim3 grid((unsigned)(blocks ? blocks : 1), (unsigned)a->B);
    if (a->limit)
        limit_kernel<<<dim3((unsigned)a->classes, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    count_kernel<<<grid, THREADS, 0, stream>>>(*a);
    write_kernel<<<grid, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
