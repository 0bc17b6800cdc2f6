/* nms_group.cu -- suppression of pictures with more candidates than a matrix holds.
 *
 * Candidates of different groups never meet, so groups are settled side by side. One block:
 * those of one bucket of groups in picture blockIdx.y, with all its threads; pictures whose
 * matrix of overlaps holds all candidates leave at once. It lists its candidates in the order
 * of their scores, takes them 64 at a time, and compares these with the kept ones and with each
 * other. Bound by arithmetic, less than 20 instructions a pair of a candidate and a kept one,
 * and by the largest group: without groups one block does all. */
#include "kernels/cuda/launch.cuh"
#include "kernels/nms/nms_hit.cuh"

enum {
    THREADS = 512,
    WARPS = THREADS / 32,
    BUCKETS = 128,
    LANES = THREADS / GDK_STRIPE, /* threads that share a candidate of a stripe */
    EACH = 4,                     /* candidates that a thread looks at at once */
    ROOM = 1024                   /* kept ones in shared memory */
};
static_assert((BUCKETS & (BUCKETS - 1)) == 0 && WARPS <= 32, "masks and one warp's sums");

struct group_smem {
    gdk_nms_box kept[ROOM];
    int         group[ROOM];
    /* The stripe that is settled now: which are hit by which, which are gone, which stay. */
    gdk_nms_box row[GDK_STRIPE];
    int         row_group[GDK_STRIPE], row_place[GDK_STRIPE];
    unsigned    hit[GDK_STRIPE][2], gone[2];
    uint64_t    stay;
    int         count[WARPS];
};

static __device__ __forceinline__ int bucket_of(int group) { return group & (BUCKETS - 1); }

/* A value's place among those of lower threads; *all becomes the sum of the block. */
static __device__ __forceinline__ int block_before(group_smem &s, int value, int *all) {
    const int lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
    int       upto = value, before = 0, sum = 0;
    for (int d = 1; d < 32; d *= 2) {
        const int v = __shfl_up_sync(0xffffffffu, upto, d);
        if (lane >= d) upto += v;
    }
    __syncthreads();
    if (lane == 31) s.count[warp] = upto;
    __syncthreads();
#pragma unroll
    for (int w = 0; w < WARPS; w++) {
        if (w < warp) before += s.count[w];
        sum += s.count[w];
    }
    *all = sum;
    return before + upto - value;
}

/* How many of n candidates are in buckets before `own`. */
static __device__ int count_before(group_smem &s, const int2 *tag, int n, int own) {
    int mine = 0, all;
#pragma unroll 4
    for (int i = (int)threadIdx.x; i < n; i += THREADS) mine += bucket_of(tag[i].x) < own;
    block_before(s, mine, &all);
    return all;
}

/* Places of the candidates in bucket `own`, in order, into list; returns their number. */
static __device__ int list_own(group_smem &s, const int2 *tag, int n, int own, int32_t *list) {
    int m = 0;
    for (int base = 0; base < n; base += THREADS * EACH) {
        const int first = base + (int)threadIdx.x * EACH;
        unsigned  mine = 0;
        int       all;
#pragma unroll
        for (int i = 0; i < EACH; i++)
            if (first + i < n && bucket_of(tag[first + i].x) == own) mine |= 1u << i;
        int at = m + block_before(s, __popc(mine), &all);
        for (; mine; mine &= mine - 1) list[at++] = first + __ffs((int)mine) - 1;
        m += all;
    }
    __syncthreads();
    return m;
}

/* Reads candidates list[first ...], n of them, into the stripe. */
static __device__ __forceinline__ void read_stripe(group_smem &s, const gdk_nms_args &a,
                                                   const float4 *box, const int2 *tag,
                                                   const int32_t *list, int n) {
    const int tid = (int)threadIdx.x;
    if (tid < 2) s.gone[tid] = 0;
    if (tid < 2 * GDK_STRIPE) s.hit[tid / 2][tid % 2] = 0;
    if (tid < GDK_STRIPE) {
        const int place = list[min(tid, n - 1)];
        s.row[tid] = gdk_nms_box_at(box, place, a.iou);
        s.row_group[tid] = tag[place].x;
        s.row_place[tid] = place;
    }
}

/* Marks what the kept ones do to the stripe, and what its candidates do to each other. */
static __device__ __forceinline__ void compare(group_smem &s, const gdk_nms_args &a,
                                               const float4 *box, const int2 *tag,
                                               const int32_t *list, int kept) {
    const int         row = (int)threadIdx.x % GDK_STRIPE, lane = (int)threadIdx.x / GDK_STRIPE;
    const gdk_nms_box mine = s.row[row];
    const int         group = s.row_group[row];
    bool              gone = false;
    for (int k = lane; k < kept && !gone; k += LANES) {
        const bool        near = k < ROOM;
        const int         place = near ? 0 : list[k];
        const gdk_nms_box other = near ? s.kept[k] : gdk_nms_box_at(box, place, a.iou);
        const int         its = near ? s.group[k] : tag[place].x;
        gone = its == group && gdk_nms_hit(a, &other, &mine);
    }
    if (gone) atomicOr(&s.gone[row / 32], 1u << row % 32);
    for (int c = lane; c < row; c += LANES)
        if (s.row_group[c] == group && gdk_nms_hit(a, &s.row[c], &mine))
            atomicOr(&s.hit[row][c / 32], 1u << c % 32);
}

/* Settles the m candidates in list, whose front becomes the kept ones; flags each of them. */
static __device__ void suppress(group_smem &s, const gdk_nms_args &a, const float4 *box,
                                const int2 *tag, int32_t *list, int m, uint8_t *flag) {
    const int tid = (int)threadIdx.x;
    int       kept = 0;
    for (int first = 0; first < m; first += GDK_STRIPE) {
        read_stripe(s, a, box, tag, list + first, m - first);
        __syncthreads();
        compare(s, a, box, tag, list, kept);
        __syncthreads();
        if (tid < 32) {
            const uint64_t low = s.hit[tid][0] | (uint64_t)s.hit[tid][1] << 32;
            const uint64_t high = s.hit[tid + 32][0] | (uint64_t)s.hit[tid + 32][1] << 32;
            const uint64_t gone = s.gone[0] | (uint64_t)s.gone[1] << 32;
            const uint64_t stay =
                gdk_nms_settle(gdk_stripe_valid(0, m - first) & ~gone, low, high);
            if (tid == 0) s.stay = stay;
        }
        __syncthreads();
        const uint64_t stay = s.stay;
        if (tid < GDK_STRIPE && first + tid < m) {
            const bool stays = stay >> tid & 1;
            const int  at = kept + __popcll(stay & (((uint64_t)1 << tid) - 1));
            flag[s.row_place[tid]] = stays;
            if (stays) list[at] = s.row_place[tid];
            if (stays && at < ROOM) {
                s.kept[at] = s.row[tid];
                s.group[at] = s.row_group[tid];
            }
        }
        kept += __popcll(stay);
        __syncthreads();
    }
}

static __global__ void __launch_bounds__(THREADS) group_kernel(const gdk_nms_args a) {
    __shared__ group_smem s;
    gdk_grid_follow();
    const int b = (int)blockIdx.y, own = (int)blockIdx.x, n = a.work.n_cand[b];
    if (n <= a.stripes * GDK_STRIPE) return;
    const float4 *box = (const float4 *)a.work.box + (int64_t)b * a.n;
    const int2   *tag = (const int2 *)a.work.tag + (int64_t)b * a.n;
    uint8_t      *flag = a.work.flag + b * gdk_nms_flags(a.n);
    /* Flags are read 16 at once: those behind the last candidate's are 0. */
    if (own == 0 && threadIdx.x < 15 && n + (int)threadIdx.x < gdk_nms_flags(n))
        flag[n + (int)threadIdx.x] = 0;
    int32_t  *list = a.work.list + (int64_t)b * a.n + count_before(s, tag, n, own);
    const int m = list_own(s, tag, n, own, list);
    suppress(s, a, box, tag, list, m, flag);
}

extern "C" cudaError_t gdk_nms_group_launch(const gdk_nms_args *a, cudaStream_t stream) {
    return gdk_launch(group_kernel, dim3(a->group ? BUCKETS : 1, (unsigned)a->B), THREADS, 0,
                      stream, a->early, 1, *a);
}
