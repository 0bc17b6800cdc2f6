/* simota.cu -- SimOTA without a matrix of costs: most rows take no part, and few are taken.
 *
 * Bound by latency. The first kernel, one thread a row, finds which take part; the second, one
 * block a box, finds its ten best overlaps and its cheapest rows one after the other, computing
 * them anew each time; the third, one thread a row, settles who gets it. */
#include "kernels/rank.h"
#include "kernels/simota/simota.h"
#include "kernels/simota/simota_cost.h"
#include "kernels/simota/simota_cuda.h"

enum { THREADS = 256, WARPS = THREADS / 32 };
#define OUT (-1.0f)

struct picture {
    int                        b, G;
    __device__ __forceinline__ picture(const gdk_simota_args &p)
        : b((int)blockIdx.y), G(min(max(p.gt_count[b], 0), p.G)) {}
};

static __device__ __forceinline__ int64_t row_of(const gdk_simota_args &p, int b, int a) {
    return (int64_t)b * p.A + a;
}
static __device__ __forceinline__ const float *gt_of(const gdk_simota_args &p, int b, int g) {
    return p.gt + ((int64_t)b * p.G + g) * p.gt_pitch;
}
static __device__ __forceinline__ float object_of(const gdk_simota_args &p, int64_t row) {
    return gdk_simota_sigmoid(p.object[row * p.object_pitch]);
}
static __device__ __forceinline__ bool near(const gdk_simota_args &p, int b, int g, int a) {
    return gdk_simota_near(gt_of(p, b, g), p.point + (int64_t)a * p.point_pitch, p.radius);
}
static __device__ __forceinline__ float iou_of(const gdk_simota_args &p, int b, int g, int a) {
    return gdk_simota_iou(gt_of(p, b, g), p.box + row_of(p, b, a) * p.box_pitch);
}
static __device__ float cost_of(const gdk_simota_args &p, int b, int g, int a) {
    const int64_t row = row_of(p, b, a);
    const int     c = p.label[(int64_t)b * p.label_pitch + g];
    return gdk_simota_cost(p.none[row],
                           c >= 0 && c < p.C ? p.logit + row * p.logit_pitch + c : nullptr,
                           object_of(p, row), iou_of(p, b, g, a), near(p, b, g, a));
}

static __global__ void __launch_bounds__(THREADS) simota_rows_kernel(const gdk_simota_args p) {
    const picture at(p);
    const int     a = (int)(blockIdx.x * THREADS + threadIdx.x);
    int           g = 0;
    if (a >= p.A) return;
    const int64_t row = row_of(p, at.b, a);
    float         none = OUT;
    while (g < at.G && !near(p, at.b, g, a)) g++;
    if (g < at.G) {
        const float *logit = p.logit + row * p.logit_pitch;
        const float  object = object_of(p, row);
        double       sum = 0.0;
        for (int c = 0; c < p.C; c++)
            sum -= (double)gdk_simota_log(1.0f - gdk_simota_p(logit[c], object));
        none = sum > 0.0 ? (float)sum : 0.0f;
    }
    p.none[row] = none;
    p.takers[row] = 0;
}

/* The least key of a block. */
static __device__ uint64_t least_of(uint64_t key, uint64_t *s) {
    for (int d = 16; d > 0; d /= 2) {
        const uint64_t other = __shfl_xor_sync(0xffffffffu, (unsigned long long)key, d);
        key = other < key ? other : key;
    }
    __syncthreads();
    if (threadIdx.x % 32 == 0) s[threadIdx.x / 32] = key;
    __syncthreads();
    key = s[0];
    for (int w = 1; w < WARPS; w++) key = s[w] < key ? s[w] : key;
    return key;
}

/* The row that comes after key `last` in the order of scores, best first; UINT64_MAX: none. */
static __device__ uint64_t next_of(const gdk_simota_args &p, int b, int g, bool by_cost,
                                   uint64_t from, uint64_t *s) {
    uint64_t best = UINT64_MAX;
    for (int a = (int)threadIdx.x; a < p.A; a += THREADS) {
        if (p.none[row_of(p, b, a)] == OUT) continue;
        const float    score = by_cost ? -cost_of(p, b, g, a) : iou_of(p, b, g, a);
        const uint64_t key = gdk_rank_key(score, a);
        if (key >= from && key < best) best = key;
    }
    return least_of(best, s);
}

/* One block: box blockIdx.x of picture blockIdx.y. */
static __global__ void __launch_bounds__(THREADS) simota_take_kernel(const gdk_simota_args p) {
    __shared__ uint64_t s[WARPS];
    const picture       at(p);
    const int           g = (int)blockIdx.x;
    uint64_t            from = 0;
    float               sum = 0.0f;
    if (g >= at.G) return;
    for (int i = 0; i < GD_SIMOTA_K; i++) {
        const uint64_t key = next_of(p, at.b, g, false, from, s);
        if (key == UINT64_MAX) break;
        sum = gdk_add(sum, iou_of(p, at.b, g, (int)gdk_rank_index(key)));
        from = key + 1;
    }
    const int k = sum < 1.0f ? 1 : (int)sum;
    from = 0;
    for (int i = 0; i < k; i++) {
        const uint64_t key = next_of(p, at.b, g, true, from, s);
        if (key == UINT64_MAX) break;
        from = key + 1;
        if (threadIdx.x > 0) continue;
        const int64_t row = row_of(p, at.b, (int)gdk_rank_index(key));
        atomicAdd(p.takers + row, 1u);
        p.taker[row] = g; /* read where it is the only one */
    }
}

static __global__ void __launch_bounds__(THREADS)
    simota_settle_kernel(const gdk_simota_args p) {
    const picture at(p);
    const int     a = (int)(blockIdx.x * THREADS + threadIdx.x);
    int           match = -1;
    if (a < p.A) {
        const int64_t  row = row_of(p, at.b, a);
        const uint32_t n = p.takers[row];
        if (n == 1) match = p.taker[row];
        float least = 0.0f;
        for (int g = 0; n > 1 && g < at.G; g++) {
            const float c = cost_of(p, at.b, g, a);
            if (match >= 0 && !(c < least)) continue;
            match = g;
            least = c;
        }
        p.match[(int64_t)at.b * p.match_pitch + a] = match;
        p.iou[(int64_t)at.b * p.iou_pitch + a] = match < 0 ? 0.0f : iou_of(p, at.b, match, a);
    }
    const int n = __syncthreads_count(match >= 0);
    if (threadIdx.x == 0 && n) atomicAdd(p.count + at.b, n);
}

extern "C" cudaError_t gdk_simota_launch(const gdk_simota_args *a, cudaStream_t stream) {
    const dim3 rows(((unsigned)a->A + THREADS - 1) / THREADS, (unsigned)a->B);
    if (!a->B) return cudaSuccess;
    const cudaError_t e = cudaMemsetAsync(a->count, 0, (size_t)a->B * sizeof *a->count, stream);
    if (e != cudaSuccess || !a->A) return e;
    simota_rows_kernel<<<rows, THREADS, 0, stream>>>(*a);
    if (a->G)
        simota_take_kernel<<<dim3((unsigned)a->G, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    simota_settle_kernel<<<rows, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
