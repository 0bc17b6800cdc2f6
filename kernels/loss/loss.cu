/* loss.cu -- the scale of each group of rows, and the total of a loss.
 *
 * Bound by latency: a few values. A block a group; one block for the total. */
#include "kernels/loss/loss.cuh"

/* scale[g] = d_out * factor / max(sum of norm[g], min_norm) */
static __global__ void __launch_bounds__(GDK_LOSS_THREADS) scale_kernel(const gdk_loss_args a) {
    __shared__ float s[GDK_LOSS_THREADS / 32];
    const uint32_t   first = blockIdx.x * a.norm_entries;
    float            sum = 0.0f;
    for (uint32_t i = threadIdx.x; i < a.norm_entries; i += GDK_LOSS_THREADS)
        sum += a.norm.is_int ? (float)gdk_row_int(a.norm, first + i)
                             : gdk_row_float(a.norm, first + i);
    sum = gdk_across_block<gdk_sum, GDK_LOSS_THREADS / 32>(sum, s);
    if (threadIdx.x == 0)
        a.scale[blockIdx.x] = (a.d_out ? *a.d_out : 1.0f) * a.factor /
                              (a.norm.data ? fmaxf(sum, a.min_norm) : 1.0f);
}

static __global__ void __launch_bounds__(GDK_LOSS_THREADS) total_kernel(const gdk_loss_args a) {
    __shared__ float s[GDK_LOSS_THREADS / 32];
    float            sum = 0.0f;
    for (uint32_t i = threadIdx.x; i < a.blocks; i += GDK_LOSS_THREADS) sum += a.part[i];
    sum = gdk_across_block<gdk_sum, GDK_LOSS_THREADS / 32>(sum, s);
    if (threadIdx.x == 0) *a.out = sum;
}

extern "C" cudaError_t gdk_loss_factor_launch(const gdk_loss_args *a, cudaStream_t stream) {
    scale_kernel<<<a->groups, GDK_LOSS_THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}

extern "C" cudaError_t gdk_loss_total_launch(const gdk_loss_args *a, cudaStream_t stream) {
    total_kernel<<<1, GDK_LOSS_THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
