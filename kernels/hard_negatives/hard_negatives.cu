/* hard_negatives.cu -- the mining of negatives: losses of all rows, then places by counting.
 *
 * Bound by reading the logits once; a warp owns a row of them. What comes after is bound by
 * latency: kernels/cuda/rank.cuh. */
#include "kernels/cuda/rank.cuh"
#include "kernels/cuda/reduce.cuh"
#include "kernels/hard_negatives/hard_negatives_cuda.h"

enum { THREADS = 256, ROWS = THREADS / 32 };

static __device__ float loss_of(const float *x, int C, int background) {
    const int lane = (int)threadIdx.x % 32;
    float     top = x[0], sum = 0.0f;
    for (int c = lane; c < C; c += 32) top = fmaxf(top, x[c]);
    top = gdk_across_warp<gdk_largest>(top);
    for (int c = lane; c < C; c += 32) sum += expf(x[c] - top);
    return top + logf(gdk_across_warp<gdk_sum>(sum)) - x[background];
}

static __global__ void __launch_bounds__(THREADS)
    mine_loss_kernel(const gdk_hard_negatives_args a) {
    const int b = (int)blockIdx.y, lane = (int)threadIdx.x % 32;
    const int i = (int)(blockIdx.x * ROWS + threadIdx.x / 32);
    const int m = i < a.A ? a.match[(int64_t)b * a.match_pitch + i] : -2;
    const int hits = __syncthreads_count(m >= 0 && lane == 0);
    if (threadIdx.x == 0 && hits) atomicAdd(a.positives + b, (uint32_t)hits);
    if (i >= a.A) return;
    if (m == -1) {
        const float loss =
            loss_of(a.logit + ((int64_t)b * a.A + i) * a.logit_pitch, a.C, a.background);
        if (lane == 0) a.loss[(int64_t)b * a.A + i] = loss;
    }
    if (lane == 0) a.weight[(int64_t)b * a.weight_pitch + i] = m >= 0 ? 1.0f : 0.0f;
}

/* The negatives of a picture. */
struct negatives {
    struct row {
        int32_t match;
        float   loss;
    };
    const int32_t                 *match;
    const float                   *loss;
    __device__ __forceinline__ row read(int i) const {
        const int32_t m = match[i];
        return row{m, m == -1 ? loss[i] : 0.0f};
    }
    __device__ __forceinline__ uint32_t rank(int, row r) const {
        return r.match == -1 ? min(gdk_rank_of(r.loss), GDK_RANK_NAN) : GDK_RANK_NONE;
    }
};

/* One block: GDK_RANK_WARPS rows of picture blockIdx.y. After mine_loss_kernel. */
static __global__ void __launch_bounds__(GDK_RANK_THREADS, 2)
    mine_place_kernel(const gdk_hard_negatives_args a) {
    __shared__ gdk_rank_smem s;
    const int                b = (int)blockIdx.y, own = (int)blockIdx.x * GDK_RANK_WARPS;
    const double             most = (double)a.ratio * (double)a.positives[b];
    if (most <= 0.0) return;
    const negatives  all = {a.match + (int64_t)b * a.match_pitch, a.loss + (int64_t)b * a.A};
    const gdk_ranked mine = gdk_rank_rows<1>(all, a.A, own, s, false);
    if (mine.row >= 0 && (double)mine.place < most)
        a.weight[(int64_t)b * a.weight_pitch + mine.row] = 1.0f;
}

extern "C" cudaError_t gdk_hard_negatives_launch(const gdk_hard_negatives_args *a,
                                                 cudaStream_t                   stream) {
    const unsigned B = (unsigned)a->B, A = (unsigned)a->A;
    if (!A || !B) return cudaSuccess;
    cudaError_t e = cudaMemsetAsync(a->positives, 0, B * sizeof *a->positives, stream);
    if (e == cudaSuccess) e = gdk_rank_crowd(mine_place_kernel);
    if (e != cudaSuccess) return e;
    mine_loss_kernel<<<dim3((A + ROWS - 1) / ROWS, B), THREADS, 0, stream>>>(*a);
    mine_place_kernel<<<dim3((A + GDK_RANK_WARPS - 1) / GDK_RANK_WARPS, B), GDK_RANK_THREADS, 0,
                        stream>>>(*a);
    return cudaPeekAtLastError();
}
