/* match.cu -- matching boxes with ground truth: the best box of each row, then exceptions.
 *
 * Bound by the arithmetic of IoUs, some fifteen operations and a division each. One block owns
 * GDK_MATCH_BLOCK rows of a picture, one thread a row; boxes of the ground truth pass through
 * shared memory TILE at a time. The largest IoU of any row with a box is a maximum of keys, the
 * same in any order. Blocks note their own largest IoUs, so that the second kernel computes
 * again only where a block holds the largest of all. */
#include "kernels/cuda/host_device.h"
#include "kernels/match/match.h"
#include "kernels/match/match_cuda.h"
#include "kernels/match/match_iou.h"

enum { THREADS = GDK_MATCH_BLOCK, WARPS = THREADS / 32, TILE = 128 };

struct place {
    int                        b, a, A, G; /* rows and boxes that take part */
    __device__ __forceinline__ place(const gdk_match_args &p)
        : b((int)blockIdx.y), a((int)(blockIdx.x * THREADS + threadIdx.x)),
          A(p.count ? min(max(p.count[b], 0), p.A) : p.A), G(min(max(p.gt_count[b], 0), p.G)) {}
};

struct row {
    float box[4], own;
};

static __device__ __forceinline__ row row_of(const gdk_match_args &p, const place &at) {
    row r = {{0.0f, 0.0f, 0.0f, 0.0f}, 0.0f};
    if (at.a < at.A) {
        const float *from = p.box + ((p.each ? (int64_t)at.b * p.A : 0) + at.a) * p.box_pitch;
#pragma unroll
        for (int c = 0; c < 4; c++) r.box[c] = from[c];
    }
    r.own = gdk_match_area(r.box);
    return r;
}

struct tile {
    float gt[TILE][4], area[TILE];
};

/* Boxes first .. of the picture; all threads come here. */
static __device__ __forceinline__ int fill(const gdk_match_args &p, const place &at, int first,
                                           tile &t) {
    const int n = min(TILE, at.G - first);
    for (int g = (int)threadIdx.x; g < n; g += THREADS) {
        const float *from = p.gt + ((int64_t)at.b * p.G + first + g) * p.gt_pitch;
        for (int c = 0; c < 4; c++) t.gt[g][c] = from[c];
        t.area[g] = gdk_match_area(t.gt[g]);
    }
    return n;
}

static __device__ __forceinline__ uint32_t warp_most(uint32_t v) {
#if __CUDA_ARCH__ >= 800
    return __reduce_max_sync(0xffffffffu, v);
#else
    for (int d = 16; d > 0; d /= 2) v = max(v, __shfl_xor_sync(0xffffffffu, v, d));
    return v;
#endif
}

/* What the warps of a block have found for the boxes of a tile goes to memory. */
static __device__ __forceinline__ void report(const gdk_match_args &p, const place &at,
                                              int first, int n,
                                              const unsigned long long (*found)[TILE]) {
    for (int g = (int)threadIdx.x; g < n; g += THREADS) {
        unsigned long long most = found[0][g];
        for (int w = 1; w < WARPS; w++) most = max(most, found[w][g]);
        p.most[((int64_t)at.b * p.blocks + blockIdx.x) * p.G + first + g] =
            (uint32_t)(most >> 32);
        atomicMax((unsigned long long *)p.key + (int64_t)at.b * p.G + first + g, most);
    }
}

static __global__ void __launch_bounds__(THREADS) match_best_kernel(const gdk_match_args p) {
    __shared__ tile               t;
    __shared__ unsigned long long found[WARPS][TILE];
    const place                   at(p);
    const row                     r = row_of(p, at);
    const int                     lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
    const bool                    here = at.a < at.A, note = p.key != nullptr;
    float                         top = -1.0f;
    int                           best = 0;
    for (int first = 0; first < at.G; first += TILE) {
        __syncthreads();
        const int n = fill(p, at, first, t);
        __syncthreads();
        for (int g = 0; g < n; g++) {
            const float q = gdk_match_iou(t.gt[g], t.area[g], r.box, r.own);
            if (q > top) {
                top = q;
                best = first + g;
            }
            if (!note) continue;
            const uint32_t bits = __float_as_uint(q), most = warp_most(here ? bits : 0);
            const unsigned equal = __ballot_sync(0xffffffffu, here && bits == most);
            if (lane == 0)
                found[warp][g] = equal
                                     ? (unsigned long long)most << 32 |
                                           (uint32_t) ~(uint32_t)(at.a + __ffs((int)equal) - 1)
                                     : 0;
        }
        if (!note) continue;
        __syncthreads();
        report(p, at, first, n, found);
    }
    if (at.a >= p.A) return;
    if (note) p.best[(int64_t)at.b * p.A + at.a] = best;
    int32_t m = GD_MATCH_LOW;
    if (!here || (at.G && top >= p.low)) m = GD_MATCH_BETWEEN;
    if (here && at.G && top >= p.high) m = best;
    p.match[(int64_t)at.b * p.match_pitch + at.a] = m;
}

/* Rows as good as any for some box keep their best match. */
static __global__ void __launch_bounds__(THREADS) match_low_kernel(const gdk_match_args p) {
    __shared__ tile     t;
    __shared__ uint32_t want[TILE];
    const place         at(p);
    const row           r = row_of(p, at);
    bool                hit = false;
    for (int first = 0; first < at.G; first += TILE) {
        const int n = min(TILE, at.G - first);
        bool      any = false;
        __syncthreads();
        for (int g = (int)threadIdx.x; g < n; g += THREADS) {
            const uint32_t top = (uint32_t)(p.key[(int64_t)at.b * p.G + first + g] >> 32);
            const bool     holds =
                p.most[((int64_t)at.b * p.blocks + blockIdx.x) * p.G + first + g] == top;
            want[g] = holds ? top : UINT32_MAX; /* the bits of no IoU */
            any |= holds;
        }
        if (!__syncthreads_or(any)) continue;
        fill(p, at, first, t);
        __syncthreads();
        for (int g = 0; g < n; g++)
            if (want[g] != UINT32_MAX)
                hit |=
                    __float_as_uint(gdk_match_iou(t.gt[g], t.area[g], r.box, r.own)) == want[g];
    }
    if (hit && at.a < at.A)
        p.match[(int64_t)at.b * p.match_pitch + at.a] = p.best[(int64_t)at.b * p.A + at.a];
}

/* One block a picture, one thread a box: it takes its row unless a later box does. */
static __global__ void __launch_bounds__(THREADS) match_claim_kernel(const gdk_match_args p) {
    const int       b = (int)blockIdx.x, G = min(max(p.gt_count[b], 0), p.G);
    const uint64_t *key = p.key + (int64_t)b * p.G;
    for (int g = (int)threadIdx.x; g < G; g += THREADS) {
        const uint32_t own = ~(uint32_t)key[g];
        bool           mine = own < (uint32_t)p.A && key[g];
        for (int later = g + 1; mine && later < G; later++) mine = ~(uint32_t)key[later] != own;
        if (mine) p.match[(int64_t)b * p.match_pitch + own] = g;
    }
}

extern "C" cudaError_t gdk_match_launch(const gdk_match_args *a, cudaStream_t stream) {
    const dim3 grid((unsigned)a->blocks, (unsigned)a->B);
    if (!a->B || !a->blocks) return cudaSuccess;
    if (a->key) {
        const cudaError_t e =
            cudaMemsetAsync(a->key, 0, (size_t)a->B * (size_t)a->G * sizeof *a->key, stream);
        if (e != cudaSuccess) return e;
    }
    match_best_kernel<<<grid, THREADS, 0, stream>>>(*a);
    if (a->low_quality) match_low_kernel<<<grid, THREADS, 0, stream>>>(*a);
    if (a->claim) match_claim_kernel<<<(unsigned)a->B, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
