/* nms_order.cu -- candidates of each picture, tested and put into the order of their scores.
 *
 * Bound by the number of comparisons, the square of that of the candidates. One block: TILE
 * rows of picture blockIdx.y; blocks past the count leave at once. The last block owns no
 * rows: it counts the candidates and finds the best score. */
#include "kernels/cuda/rank.cuh"
#include "kernels/nms/nms_cuda.h"

enum { TILE = 32 };

struct boxes {
    typedef float row;
    const float  *score, *box;
    int64_t       box_pitch;
    float         min_score, min_size;
    int           strict;

    __device__ __forceinline__ float    read(int i) const { return score[i]; }
    __device__ __forceinline__ uint64_t key(int i, float s) const {
        uint64_t k = GDK_RANK_NONE;
        if (strict ? s > min_score : s >= min_score) {
            const float4 p = *(const float4 *)(box + i * box_pitch);
            if (p.z - p.x >= min_size && p.w - p.y >= min_size) k = gdk_rank_key(s, i);
        }
        return k;
    }
};

/* The best of the first n scores, or -1. */
static __device__ void write_top(const gdk_nms_args &a, int b, int n) {
    __shared__ float best[GDK_RANK_WARPS];
    const float     *score = a.score + (int64_t)b * a.score_pitch;
    float            top = -1.0f;
#pragma unroll 4
    for (int i = (int)threadIdx.x; i < n; i += GDK_RANK_THREADS) top = fmaxf(top, score[i]);
    for (int d = 16; d > 0; d /= 2) top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, d));
    if (threadIdx.x % 32 == 0) best[threadIdx.x / 32] = top;
    __syncthreads();
    if (threadIdx.x) return;
    for (int w = 1; w < GDK_RANK_WARPS; w++) top = fmaxf(top, best[w]);
    a.top[b] = top;
}

static __global__ void __launch_bounds__(GDK_RANK_THREADS, 2)
    order_kernel(const gdk_nms_args a) {
    __shared__ gdk_rank_smem<TILE> s;
    const int                      b = (int)blockIdx.y, tid = (int)threadIdx.x;
    const bool                     tally = blockIdx.x == gridDim.x - 1;
    int                            count = a.count ? a.count[b] : a.n;
    count = count < 0 ? 0 : count > a.n ? a.n : count;
    const int own = tally ? count : (int)blockIdx.x * TILE;
    if (own >= count && !tally) return;
    const boxes src = {a.score + (int64_t)b * a.score_pitch,
                       a.box + (int64_t)b * a.n * a.box_pitch,
                       a.box_pitch,
                       a.min_score,
                       a.min_size,
                       a.strict_score};
    const int   all = gdk_rank_tile<TILE>(src, count, own, tally, s);
    if (tally) {
        if (tid == 0) a.work.n_cand[b] = all;
        write_top(a, b, count);
        return;
    }
    for (int c = tid; c < s.n_own; c += GDK_RANK_THREADS) {
        const int64_t at = (int64_t)b * a.n + s.place[c];
        const int     i = (int)gdk_rank_index(s.own[c]);
        const int32_t group = a.group ? a.group[(int64_t)b * a.group_pitch + i] : 0;
        ((float4 *)a.work.box)[at] = *(const float4 *)(src.box + i * a.box_pitch);
        ((int2 *)a.work.tag)[at] = make_int2(group, i);
    }
}

extern "C" cudaError_t gdk_nms_order_launch(const gdk_nms_args *a, cudaStream_t stream) {
    const int tiles = (a->n + TILE - 1) / TILE + 1;
    order_kernel<<<dim3((unsigned)tiles, (unsigned)a->B), GDK_RANK_THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
