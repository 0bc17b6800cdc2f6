/* loss.cuh -- the two kernels of a loss, around what one item of it is.
 *
 * A loss is a type F with
 *   LANES, EACH     threads for an item (1 or 32); items are elements of pred, else rows
 *   loss(a, i, r, lane)            what item i of row r adds; lanes are added up
 *   slope(a, i, r, lane, scale)    writes d_pred; scale 0 and keep false: zeros
 * Sums: a thread adds items a whole grid apart, a block its threads, the last kernel the
 * blocks, each in a fixed order. Bound by memory, but for sigmoids by their two functions. */
#ifndef GD_KERNELS_LOSS_CUH
#define GD_KERNELS_LOSS_CUH

#include "kernels/cuda/reduce.cuh"
#include "kernels/loss/loss_cuda.h"

static __device__ __forceinline__ int64_t gdk_row_at(const gdk_loss_each_row &t, uint32_t r) {
    return t.pitch == (int64_t)t.n ? (int64_t)r : (int64_t)(r / t.n) * t.pitch + r % t.n;
}
static __device__ __forceinline__ int32_t gdk_row_int(const gdk_loss_each_row &t, uint32_t r) {
    return static_cast<const int32_t *>(t.data)[gdk_row_at(t, r)];
}
static __device__ __forceinline__ float gdk_row_float(const gdk_loss_each_row &t, uint32_t r) {
    return static_cast<const float *>(t.data)[gdk_row_at(t, r)];
}

static __device__ __forceinline__ float gdk_row_weight(const gdk_loss_args &a, uint32_t r) {
    if (!a.weight.data) return 1.0f;
    if (a.weight.is_int) return gdk_row_int(a.weight, r) >= 0 ? 1.0f : 0.0f;
    return gdk_row_float(a.weight, r);
}
static __device__ __forceinline__ float gdk_row_scale(const gdk_loss_args &a, uint32_t r) {
    return a.scale[gdk_divide(r, &a.by_group)];
}

template <class F>
static __global__ void __launch_bounds__(GDK_LOSS_THREADS) sum_kernel(const gdk_loss_args a) {
    __shared__ float s[GDK_LOSS_THREADS / 32];
    const uint32_t   t = blockIdx.x * GDK_LOSS_THREADS + threadIdx.x;
    float            sum = 0.0f;
    for (uint32_t i = t / F::LANES; i < a.items;
         i += a.blocks * (GDK_LOSS_THREADS / F::LANES)) {
        const uint32_t r = F::EACH ? gdk_divide(i, &a.by_C) : i;
        const float    w = gdk_row_weight(a, r);
        if (w != 0.0f) sum += gdk_row_scale(a, r) * w * F::loss(a, i, r, t % F::LANES);
    }
    sum = gdk_across_block<gdk_sum, GDK_LOSS_THREADS / 32>(sum, s);
    if (threadIdx.x == 0) a.part[blockIdx.x] = sum;
}

template <class F>
static __global__ void __launch_bounds__(GDK_LOSS_THREADS) slope_kernel(const gdk_loss_args a) {
    const uint32_t t = blockIdx.x * GDK_LOSS_THREADS + threadIdx.x, i = t / F::LANES;
    if (i >= a.items) return;
    const uint32_t r = F::EACH ? gdk_divide(i, &a.by_C) : i;
    const float    w = gdk_row_weight(a, r);
    F::slope(a, i, r, t % F::LANES, w != 0.0f ? gdk_row_scale(a, r) * w : 0.0f, w != 0.0f);
}

template <class F>
static cudaError_t gdk_loss_launch_of(const gdk_loss_args *a, cudaStream_t stream) {
    if (a->d_out)
        slope_kernel<F><<<a->blocks, GDK_LOSS_THREADS, 0, stream>>>(*a);
    else
        sum_kernel<F><<<a->blocks, GDK_LOSS_THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}

#endif
