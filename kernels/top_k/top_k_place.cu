/* top_k_place.cu -- top-k: the place of every score, or of those that thinning out has left.
 *
 * Bound by latency; see kernels/cuda/rank.cuh. Scores that were thinned out no longer stand in
 * the order of their index, so their keys (kernels/rank.h) are compared. */
#include "kernels/cuda/rank.cuh"
#include "kernels/top_k/top_k_cuda.h"
#include "kernels/top_k/top_k_each.cuh"

/* Where the results of picture b go. */
struct result {
    const float               *score;
    float                     *value;
    int32_t                   *index;
    int                        found;
    __device__ __forceinline__ result(const gdk_top_k_args &a, int b)
        : score(a.score + (int64_t)b * a.score_pitch),
          value(a.value + (int64_t)b * a.value_pitch),
          index(a.index + (int64_t)b * a.index_pitch), found(min(gdk_top_k_count(a, b), a.k)) {}
    __device__ __forceinline__ void put(int place, int i) const {
        if (place >= found) return;
        value[place] = score[i];
        index[place] = i;
    }
};

/* The rows past the last one found, and their number; spread over the blocks of a picture. */
static __device__ __forceinline__ void finish(const gdk_top_k_args &a, const result &r, int b) {
    for (int j = r.found + (int)(blockIdx.x * blockDim.x + threadIdx.x); j < a.k;
         j += (int)(gridDim.x * blockDim.x)) {
        r.value[j] = 0.0f;
        r.index[j] = -1;
    }
    if (blockIdx.x == 0 && threadIdx.x == 0) a.found[b] = r.found;
}

/* ---- all scores -------------------------------------------------------------------------- */

struct scores {
    typedef float                       row;
    const float                        *score;
    __device__ __forceinline__ float    read(int i) const { return score[i]; }
    __device__ __forceinline__ uint32_t rank(int, float v) const {
        return min(gdk_rank_of(v), GDK_RANK_NAN);
    }
};

/* One block: GDK_RANK_WARPS scores of picture blockIdx.y. */
static __global__ void __launch_bounds__(GDK_RANK_THREADS, 2)
    place_scores_kernel(const gdk_top_k_args a) {
    __shared__ gdk_rank_smem s;
    const int                b = (int)blockIdx.y, own = (int)blockIdx.x * GDK_RANK_WARPS;
    const int                count = gdk_top_k_count(a, b);
    const result             r(a, b);
    finish(a, r, b);
    if (own >= count) return;
    const gdk_ranked mine = gdk_rank_rows<1>(scores{r.score}, count, own, s, false);
    if (mine.row >= 0) r.put(mine.place, mine.row);
}

/* ---- what parts have left ---------------------------------------------------------------- */

#define NO_KEY UINT64_MAX /* above every key: an index is below 2^31 */

enum {
    THREADS = GDK_RANK_THREADS,
    WARPS = GDK_RANK_WARPS,
    ROOM = 5 * 1024, /* keys in shared memory */
    TILE = 32,       /* of them are placed by a block */
    LONG_TILE = 256, /* keys placed by a block where not all fit there */
    MOST_PARTS = THREADS
};
static_assert(GDK_TOP_K_QUANTILES == 32 && (WARPS & (WARPS - 1)) == 0, "one lane each");

struct place_smem {
    uint64_t key[ROOM];             /* of all parts, one after the other */
    uint32_t edge[WARPS][32];       /* the least edges that a warp has met */
    int      first[MOST_PARTS + 1]; /* where a part's keys start */
    int      place[LONG_TILE];
};

/* The 32 least of two warps' values, which ascend from lane to lane, as those do. */
static __device__ __forceinline__ uint32_t least_of(uint32_t a, uint32_t b) {
    const int lane = (int)threadIdx.x % 32;
    uint32_t  v = min(a, __shfl_sync(0xffffffffu, b, 31 - lane)); /* first up, then down */
#pragma unroll
    for (int d = 16; d > 0; d /= 2) {
        const uint32_t other = __shfl_xor_sync(0xffffffffu, v, d);
        v = lane & d ? max(v, other) : min(v, other);
    }
    return v;
}

/* A rank that k or more are not beyond, and with them the k best: quantiles stand for k / 32
 * ranks each, so it is the 32nd of all edges. Parts whose scores are poor do not loosen it. */
static __device__ uint32_t bound_of(place_smem &s, const gdk_top_k_part *part, int parts) {
    const int lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
    uint32_t  v = UINT32_MAX;
    for (int p = warp; p < parts; p += WARPS) v = least_of(v, part[p].edge[lane]);
    s.edge[warp][lane] = v;
    __syncthreads();
    for (int half = WARPS / 2; half > 0; half /= 2) {
        if (warp < half) s.edge[warp][lane] = v = least_of(v, s.edge[warp + half][lane]);
        __syncthreads();
    }
    return s.edge[0][31];
}

/* Fills s.first with the keys of quantiles up to the bound; returns their number. */
static __device__ int number_keys(place_smem &s, const gdk_top_k_part *part, int parts,
                                  uint32_t bound) {
    const int tid = (int)threadIdx.x, lane = tid % 32;
    for (int p = tid / 32; p < parts; p += WARPS) {
        const unsigned beyond = __ballot_sync(0xffffffffu, part[p].edge[lane] >= bound);
        if (lane == 0)
            s.first[p + 1] = (int)(beyond ? part[p].upto[__ffs((int)beyond) - 1] : part[p].n);
    }
    if (tid == 0) s.first[0] = 0;
    __syncthreads();
    if (tid < 32)
        for (int base = 1, carry = 0; base <= parts; base += 32) {
            int v = base + tid <= parts ? s.first[base + tid] : 0;
            for (int d = 1; d < 32; d *= 2) {
                const int up = __shfl_up_sync(0xffffffffu, v, d);
                if (tid >= d) v += up;
            }
            v += carry;
            if (base + tid <= parts) s.first[base + tid] = v;
            carry = __shfl_sync(0xffffffffu, v, 31);
        }
    __syncthreads();
    return s.first[parts];
}

static __device__ __forceinline__ uint64_t key_within(uint64_t key, uint32_t bound) {
    return (uint32_t)(key >> 32) <= bound ? key : NO_KEY;
}

/* How many of the n keys in s are smaller. */
static __device__ __forceinline__ int keys_below(const place_smem &s, int n, uint64_t key) {
    int below = 0;
#pragma unroll 4
    for (int j = (int)threadIdx.x % 32; j < n; j += 32) below += s.key[j] < key;
    return gdk_warp_sum(below);
}

/* LONG_TILE of `rows` keys from `own` on, against all of them, which pass through s. */
static __device__ void place_long(place_smem &s, const uint64_t *kept, int rows, int own,
                                  uint32_t bound, const result &r) {
    const int tid = (int)threadIdx.x, lane = tid % 32, warp = tid / 32;
    const int n_own = min(LONG_TILE, rows - own);
    for (int c = tid; c < LONG_TILE; c += THREADS) s.place[c] = 0;
    for (int first = 0; first < rows; first += ROOM) {
        const int n = min(ROOM, rows - first);
        __syncthreads();
        for (int j = tid; j < n; j += THREADS) s.key[j] = key_within(kept[first + j], bound);
        __syncthreads();
        for (int c = warp; c < n_own; c += WARPS) {
            const uint64_t mine = key_within(kept[own + c], bound);
            if (mine == NO_KEY) continue;
            const int below = keys_below(s, n, mine);
            if (lane == 0) s.place[c] += below;
        }
    }
    __syncthreads();
    for (int c = tid; c < n_own; c += THREADS) {
        const uint64_t mine = key_within(kept[own + c], bound);
        if (mine != NO_KEY) r.put(s.place[c], (int)gdk_rank_index(mine));
    }
    __syncthreads();
}

/* One block: TILE of the keys that may be among the best, all of which lie in shared memory;
 * should they not fit there, LONG_TILE rows of `kept` after the other. */
static __global__ void __launch_bounds__(THREADS, 1)
    place_parts_kernel(const gdk_top_k_args a) {
    __shared__ place_smem s;
    const int             b = (int)blockIdx.y, own = (int)blockIdx.x * TILE;
    const int             lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
    const int             parts = a.plan.parts, rows = parts * a.plan.room;
    const gdk_top_k_part *part = a.part + (int64_t)b * parts;
    const uint64_t       *kept = a.kept + (int64_t)b * rows;
    const result          r(a, b);
    finish(a, r, b);
    const uint32_t bound = bound_of(s, part, parts);
    const int      n = parts <= MOST_PARTS ? number_keys(s, part, parts, bound) : INT32_MAX;
    if (n > ROOM) {
        for (int at = (int)blockIdx.x * LONG_TILE; at < rows; at += (int)gridDim.x * LONG_TILE)
            place_long(s, kept, rows, at, bound, r);
        return;
    }
    if (own >= n) return;
    /* Few parts are shared by several warps each. */
    const int team = parts < WARPS ? WARPS / parts : 1;
    for (int p = warp / team; p < parts; p += WARPS / team) {
        const int first = s.first[p], m = s.first[p + 1] - first;
#pragma unroll 4
        for (int j = warp % team * 32 + lane; j < m; j += 32 * team)
            s.key[first + j] = key_within(kept[(int64_t)p * a.plan.room + j], bound);
    }
    __syncthreads();
    for (int c = own + warp; c < min(own + TILE, n); c += WARPS) {
        const uint64_t mine = s.key[c];
        const int      below = keys_below(s, n, mine);
        if (lane == 0 && mine != NO_KEY) r.put(below, (int)gdk_rank_index(mine));
    }
}

extern "C" cudaError_t gdk_top_k_launch(const gdk_top_k_args *a, cudaStream_t stream) {
    const unsigned B = (unsigned)a->B;
    if (a->plan.parts) {
        cudaError_t e = gdk_top_k_thin_launch(a, stream);
        if (e == cudaSuccess) e = gdk_rank_crowd(place_parts_kernel);
        if (e != cudaSuccess) return e;
        place_parts_kernel<<<dim3(ROOM / TILE, B), THREADS, 0, stream>>>(*a);
    } else {
        const int         blocks = (a->n + WARPS - 1) / WARPS;
        const cudaError_t e = gdk_rank_crowd(place_scores_kernel);
        if (e != cudaSuccess) return e;
        place_scores_kernel<<<dim3((unsigned)(blocks ? blocks : 1), B), THREADS, 0, stream>>>(
            *a);
    }
    return cudaPeekAtLastError();
}
