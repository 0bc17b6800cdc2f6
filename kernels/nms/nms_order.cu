/* nms_order.cu -- candidates of each picture, tested and put into the order of their scores.
 *
 * Bound by the number of comparisons, the square of that of the candidates. One block: EACH
 * rows a warp of picture blockIdx.y; blocks past the count leave at once. Few rows a warp fill
 * the GPU where there are few boxes, many share what is read where there are many. The last
 * block owns no rows: it counts the candidates and finds the best score. */
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/rank.cuh"
#include "kernels/nms/nms_cuda.h"

enum { FEW = 2, MANY = 8, CROWD = 8192 /* boxes a picture, from which on MANY pays */ };

struct boxes {
    typedef float row;
    const float  *score, *box;
    int64_t       box_pitch;
    float         min_score, min_size;
    int           strict;

    __device__ __forceinline__ float    read(int i) const { return score[i]; }
    __device__ __forceinline__ uint32_t rank(int i, float s) const {
        uint32_t r = GDK_RANK_NONE;
        if (strict ? s > min_score : s >= min_score) {
            const float4 p = *(const float4 *)(box + i * box_pitch);
            if (p.z - p.x >= min_size && p.w - p.y >= min_size) r = gdk_rank_of(s);
        }
        return r;
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

template <int EACH>
static __global__ void __launch_bounds__(GDK_RANK_THREADS, 2)
    order_kernel(const gdk_nms_args a) {
    __shared__ gdk_rank_smem s;
    gdk_grid_follow();
    const int  b = (int)blockIdx.y;
    const bool tally = blockIdx.x == gridDim.x - 1;
    int        count = a.count ? a.count[b] : a.n;
    count = count < 0 ? 0 : count > a.n ? a.n : count;
    const int own = tally ? count : (int)blockIdx.x * (EACH * GDK_RANK_WARPS);
    if (own >= count && !tally) return;
    const boxes      src = {a.score + (int64_t)b * a.score_pitch,
                            a.box + (int64_t)b * a.n * a.box_pitch,
                            a.box_pitch,
                            a.min_score,
                            a.min_size,
                            a.strict_score};
    const gdk_ranked mine = gdk_rank_rows<EACH>(src, count, own, s, tally);
    if (tally) {
        if (threadIdx.x == 0) a.work.n_cand[b] = s.all;
        write_top(a, b, count);
    } else if (mine.row >= 0) {
        const int64_t at = (int64_t)b * a.n + mine.place;
        const int32_t group = a.group ? a.group[(int64_t)b * a.group_pitch + mine.row] : 0;
        ((float4 *)a.work.box)[at] = *(const float4 *)(src.box + mine.row * a.box_pitch);
        ((int2 *)a.work.tag)[at] = make_int2(group, mine.row);
    }
}

template <int EACH> static cudaError_t launch(const gdk_nms_args *a, cudaStream_t stream) {
    const int         rows = EACH * GDK_RANK_WARPS, tiles = (a->n + rows - 1) / rows + 1;
    const cudaError_t e = gdk_rank_crowd(order_kernel<EACH>);
    if (e != cudaSuccess) return e;
    return gdk_launch(order_kernel<EACH>, dim3((unsigned)tiles, (unsigned)a->B),
                      GDK_RANK_THREADS, 0, stream, a->early, 1, *a);
}

extern "C" cudaError_t gdk_nms_order_launch(const gdk_nms_args *a, cudaStream_t stream) {
    return a->n > CROWD ? launch<MANY>(a, stream) : launch<FEW>(a, stream);
}
