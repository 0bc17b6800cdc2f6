/* optim_total.cu -- the norm of all gradients and what follows from it.
 *
 * squares_kernel  bound by memory: 4 bytes a weight (41.8 M weights: 39 us at 4.3 TB/s). A
 *                 block owns one chunk of one tensor, a thread four floats of every 1,024
 * total_kernel    one block adds the chunks in order
 * The rest is one thread. NaN and Inf arrive in the total. */
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/reduce.cuh"
#include "kernels/optim/optim_cuda.h"

enum { THREADS = 256, WARPS = THREADS / 32, MERGE = 1024 };

static __device__ __forceinline__ float square(float4 v) {
    return (v.x * v.x + v.y * v.y) + (v.z * v.z + v.w * v.w);
}

static __global__ void __launch_bounds__(THREADS)
    gdk_squares_kernel(const __grid_constant__ gdk_squares p) {
    __shared__ float s[WARPS];
    int              k = 0;
    float            sum = 0.0f;
    gdk_grid_follow();
    while (k + 1 < p.tensors && blockIdx.x >= p.first[k + 1]) k++;
    const int64_t from = (int64_t)(blockIdx.x - p.first[k]) * GDK_SQUARES_CHUNK;
    const int64_t left = p.n[k] - from;
    const int     n = left < GDK_SQUARES_CHUNK ? (int)left : GDK_SQUARES_CHUNK;
    const float  *x = p.x[k] + from;
#pragma unroll 4
    for (int i = (int)threadIdx.x; i < n / 4; i += THREADS)
        sum += square(((const float4 *)x)[i]);
    for (int i = n / 4 * 4 + (int)threadIdx.x; i < n; i += THREADS) sum += x[i] * x[i];
    sum = gdk_across_block<gdk_sum, WARPS>(sum, s);
    if (threadIdx.x == 0) p.part[blockIdx.x] = sum;
}

static __global__ void __launch_bounds__(MERGE)
    gdk_total_kernel(const __grid_constant__ gdk_squares p) {
    __shared__ float s[MERGE / 32];
    float            sum = 0.0f;
    gdk_grid_follow();
#pragma unroll 4
    for (uint32_t i = threadIdx.x; i < p.first[p.tensors]; i += MERGE) sum += p.part[i];
    sum = gdk_across_block<gdk_sum, MERGE / 32>(sum, s);
    if (threadIdx.x == 0) *p.total = *p.base + sum;
}

extern "C" cudaError_t gdk_squares_launch(const gdk_squares *p, cudaStream_t stream) {
    const unsigned blocks = p->first[p->tensors];
    cudaError_t    e = cudaSuccess;
    if (blocks) e = gdk_launch(gdk_squares_kernel, blocks, THREADS, 0, stream, p->early, 1, *p);
    if (e == cudaSuccess)
        e = gdk_launch(gdk_total_kernel, dim3(1), MERGE, 0, stream, p->early, 1, *p);
    return e;
}

static __global__ void gdk_grad_factor_kernel(const __grid_constant__ gdk_grad_factor p) {
    gdk_grid_follow();
    const float total = *p.total, scale = *p.scale;
    const bool  apply = p.hyper[GD_HYPER_APPLY] != 0.0f, ok = isfinite(total);
    const float unscale = 1.0f / (scale * p.steps), norm = sqrtf(total) * unscale;
    const float clip = p.max_norm / (norm + 1e-6f);
    const float factor = !apply || !ok                      ? 0.0f
                         : p.max_norm > 0.0f && clip < 1.0f ? unscale * clip
                                                            : unscale;
    *p.factor = factor;
    p.stats[GD_STAT_NORM] = norm;
    p.stats[GD_STAT_SCALE] = scale;
    p.stats[GD_STAT_SKIPPED] = apply && !ok ? 1.0f : 0.0f;
    p.stats[GD_STAT_FACTOR] = factor;
}

extern "C" cudaError_t gdk_optim_factor_launch(const gdk_grad_factor *p, cudaStream_t stream) {
    return gdk_launch(gdk_grad_factor_kernel, dim3(1), 1, 0, stream, p->early, 1, *p);
}

static __global__ void gdk_loss_scale_kernel(const __grid_constant__ gdk_loss_scale p) {
    gdk_grid_follow();
    const float scale = *p.scale, more = scale * p.growth;
    const bool  apply = p.hyper[GD_HYPER_APPLY] != 0.0f, ok = isfinite(*p.total);
    const int   taken = p.counts[GD_COUNT_TAKEN] + (apply && ok);
    const int   skipped = p.counts[GD_COUNT_SKIPPED] + (apply && !ok);
    int         good = p.counts[GD_COUNT_GOOD];
    float       next = scale;
    if (apply) good = ok ? good + 1 : 0;
    if (apply && !ok) next = scale * p.backoff;
    if (apply && ok && good == p.interval) {
        good = 0;
        if (isfinite(more)) next = more;
    }
    p.new_counts[GD_COUNT_TAKEN] = taken;
    p.new_counts[GD_COUNT_SKIPPED] = skipped;
    p.new_counts[GD_COUNT_GOOD] = good;
    *p.new_scale = next;
}

extern "C" cudaError_t gdk_optim_scale_launch(const gdk_loss_scale *p, cudaStream_t stream) {
    return gdk_launch(gdk_loss_scale_kernel, dim3(1), 1, 0, stream, p->early, 1, *p);
}
