/* l2_norm.cu -- L2 normalisation over channels. Bound by memory: one read and one write.
 *
 * A warp owns a pixel, a lane every 32nd channel; the second reading comes from the L1 cache.
 * Squares are summed in FP32, in a fixed order. */
#include "kernels/cuda/vec.cuh"
#include "kernels/l2_norm/l2_norm_cuda.h"

enum { THREADS = 256, WARPS = THREADS / 32 };

template <int WIDE>
static __global__ void __launch_bounds__(THREADS)
    l2_norm_kernel(const __grid_constant__ gdk_l2_norm_args a) {
    const int64_t pixel = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
    const int     lane = (int)threadIdx.x % 32;
    if (pixel >= a.pixels) return;
    const int64_t x = pixel * a.x_pitch, y = pixel * a.y_pitch;
    float         sum = 0.0f;
    for (int c = lane; c < a.C; c += 32) {
        const float v = gdk_element(a.x, x + c, WIDE);
        sum += v * v;
    }
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    /* Not fmaxf: a NaN stays one. */
    const float length = sqrtf(sum), by = length < a.eps ? a.eps : length;
    for (int c = lane; c < a.C; c += 32)
        gdk_element_set(a.y, y + c, a.weight[c] * (gdk_element(a.x, x + c, WIDE) / by), WIDE);
}

extern "C" cudaError_t gdk_l2_norm_launch(const gdk_l2_norm_args *a, cudaStream_t stream) {
    const unsigned blocks = (unsigned)((a->pixels + WARPS - 1) / WARPS);
    if (!blocks) return cudaSuccess;
    if (a->wide)
        l2_norm_kernel<1><<<blocks, THREADS, 0, stream>>>(*a);
    else
        l2_norm_kernel<0><<<blocks, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
