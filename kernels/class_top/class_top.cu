/* class_top.cu -- the best classes of a dense head: candidates are collected, then placed.
 *
 * Bound by memory: logits are read once, and few pass the threshold. A warp of the first
 * kernel owns a cell at a time; a block of the second owns a level of a picture, finds the last
 * key that stays among what was collected, and counts for each how many are before it. Where
 * more passed than are collected, it searches all logits of its level instead, which is slow
 * and as right: results do not depend on the order in which candidates were collected. */
#include "kernels/class_top/class_top_cuda.h"
#include "kernels/cuda/last_key.cuh"
#include "kernels/rank.h"

enum { THREADS = 256, WARPS = THREADS / 32, PLACE_THREADS = 1024 };

static __device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

static __device__ __forceinline__ bool passes(const gdk_class_top_args &a, float v, int c) {
    return v >= a.least && c % a.classes != a.background && sigmoid(v) > a.min_score;
}

static __device__ __forceinline__ int level_of(const gdk_class_top_args &a, int block) {
    int i = 0;
    while (i + 1 < a.levels && block >= a.level[i + 1].block) i++;
    return i;
}

static __device__ __forceinline__ const float *cell_of(const gdk_class_top_level &v, int b,
                                                       int cell) {
    return v.head + ((int64_t)b * v.cells + cell) * v.pitch;
}

static __global__ void __launch_bounds__(THREADS) collect_kernel(const gdk_class_top_args a) {
    const int  b = (int)blockIdx.y, lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
    const int  i = level_of(a, (int)blockIdx.x);
    const auto v = a.level[i];
    const int  first = ((int)blockIdx.x - v.block) * GDK_CLASS_TOP_CELLS;
    uint32_t  *count = a.count + (int64_t)b * a.levels + i;
    uint64_t  *key = a.key + ((int64_t)b * a.levels + i) * GDK_CLASS_TOP_ROOM;
    uint32_t   best = UINT32_MAX;
    for (int cell = first + warp; cell < min(first + GDK_CLASS_TOP_CELLS, v.cells);
         cell += WARPS) {
        const float *x = cell_of(v, b, cell);
#pragma unroll 4
        for (int base = 0; base < v.channels; base += 32) {
            const int      c = base + lane;
            const float    logit = c < v.channels ? x[c] : __int_as_float(0x7fc00000);
            const uint32_t rank = gdk_rank_of(logit);
            if (rank < best && c % a.classes != a.background) best = rank;
            const bool     is = c < v.channels && passes(a, logit, c);
            const unsigned who = __ballot_sync(0xffffffffu, is);
            unsigned       at = 0;
            if (!who) continue;
            if (lane == 0) at = atomicAdd(count, (unsigned)__popc(who));
            at = __shfl_sync(0xffffffffu, at, 0) + (unsigned)__popc(who & ((1u << lane) - 1u));
            if (is && at < GDK_CLASS_TOP_ROOM)
                key[at] = (uint64_t)rank << 32 | (uint32_t)(cell * v.channels + c);
        }
    }
    for (int d = 16; d > 0; d /= 2) best = min(best, __shfl_xor_sync(0xffffffffu, best, d));
    if (lane == 0 && best != UINT32_MAX)
        atomicMax(a.count + (int64_t)a.B * a.levels + b, ~best);
}

/* Key of logit `at` of the level, if it is a candidate. */
static __device__ __forceinline__ bool key_of_logit(const gdk_class_top_args  &a,
                                                    const gdk_class_top_level &v, int b, int at,
                                                    uint64_t *key) {
    const int   cell = at / v.channels, c = at - cell * v.channels;
    const float logit = cell_of(v, b, cell)[c];
    *key = gdk_rank_key(logit, at);
    return passes(a, logit, c);
}

struct place_smem {
    uint64_t key[GDK_CLASS_TOP_MOST];
    unsigned n;
};

/* The `need` best keys of places 0 .. end - 1 into s; or all, where there are no more. */
template <class Keys>
static __device__ void gather(place_smem &s, Keys key_of, int end, unsigned need, bool all) {
    const uint64_t last =
        all ? UINT64_MAX : gdk_last_key<PLACE_THREADS>(key_of, 0, 1, end, need);
    for (int64_t at = (int)threadIdx.x; at < end; at += PLACE_THREADS) {
        uint64_t key;
        if (!key_of((int)at, &key) || key > last) continue;
        const unsigned to = atomicAdd(&s.n, 1u);
        if (to < GDK_CLASS_TOP_MOST) s.key[to] = key;
    }
}

static __global__ void __launch_bounds__(PLACE_THREADS, 1)
    place_kernel(const gdk_class_top_args a) {
    __shared__ place_smem s;
    const int             b = (int)blockIdx.y, i = (int)blockIdx.x, tid = (int)threadIdx.x;
    const auto            v = a.level[i];
    const uint32_t        found = a.count[(int64_t)b * a.levels + i];
    const uint64_t       *kept = a.key + ((int64_t)b * a.levels + i) * GDK_CLASS_TOP_ROOM;
    const unsigned        stay = min(found, (unsigned)v.most);
    float                *score = a.score + (int64_t)b * a.score_pitch + v.at;
    int32_t              *row = a.row + (int64_t)b * a.row_pitch + v.at;
    int32_t              *label = a.label + (int64_t)b * a.label_pitch + v.at;
    if (tid == 0) s.n = 0;
    __syncthreads();
    const bool all = found <= (unsigned)v.most;
    if (found <= GDK_CLASS_TOP_ROOM)
        gather(
            s,
            [&](int at, uint64_t *key) {
                *key = kept[at];
                return true;
            },
            (int)found, stay, all);
    else
        gather(
            s, [&](int at, uint64_t *key) { return key_of_logit(a, v, b, at, key); },
            v.cells * v.channels, stay, all);
    __syncthreads();
    for (int j = tid; j < v.most; j += PLACE_THREADS) {
        if (j >= (int)stay) {
            score[j] = 0.0f;
            row[j] = label[j] = -1;
            continue;
        }
        const uint64_t key = s.key[j];
        const int      at = (int)gdk_rank_index(key);
        int            to = 0;
        for (int o = 0; o < (int)stay; o++) to += s.key[o] < key;
        score[to] = sigmoid(gdk_rank_score((uint32_t)(key >> 32)));
        row[to] = v.row + at / a.classes;
        label[to] = at % a.classes;
    }
    if (i == 0 && tid == 0) {
        const uint32_t best = a.count[(int64_t)a.B * a.levels + b];
        a.top[b] = best ? sigmoid(gdk_rank_score(~best)) : -1.0f;
    }
}

extern "C" cudaError_t gdk_class_top_launch(const gdk_class_top_args *a, cudaStream_t stream) {
    const size_t      counters = (size_t)a->B * (size_t)(a->levels + 1) * sizeof *a->count;
    const cudaError_t e = cudaMemsetAsync(a->count, 0, counters, stream);
    if (e != cudaSuccess) return e;
    if (a->blocks)
        collect_kernel<<<dim3((unsigned)a->blocks, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    place_kernel<<<dim3((unsigned)a->levels, (unsigned)a->B), PLACE_THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
