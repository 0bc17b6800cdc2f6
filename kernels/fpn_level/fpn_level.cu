/* fpn_level.cu -- the pyramid level of each box. Bound by latency; one thread a box. */
#include "kernels/cuda/round.h"
#include "kernels/fpn_level/fpn_level_cuda.h"

enum { THREADS = 128 };

/* A level is the floor of a logarithm: one rounding decides. log2f of the C library is right to
 * half a unit and a little; only the double function comes as close. */
static __device__ __forceinline__ float log2_of(float x) { return (float)log2((double)x); }

static __global__ void __launch_bounds__(THREADS) level_kernel(const gdk_fpn_level_args a) {
    const int b = (int)blockIdx.y, i = (int)(blockIdx.x * THREADS + threadIdx.x);
    if (i >= a.n) return;
    const float4 p = *(const float4 *)(a.box + ((int64_t)b * a.n + i) * a.box_pitch);
    const float  side = sqrtf(gdk_mul(gdk_sub(p.z, p.x), gdk_sub(p.w, p.y)));
    const float  level = floorf(gdk_add(gdk_add(a.base, log2_of(side / a.scale)), a.eps));
    /* The first test also catches NaN. */
    const float in = !(level > a.low) ? a.low : level > a.high ? a.high : level;
    a.level[(int64_t)b * a.level_pitch + i] = (int32_t)(in - a.low);
}

extern "C" cudaError_t gdk_fpn_level_launch(const gdk_fpn_level_args *a, cudaStream_t stream) {
    const int blocks = (a->n + THREADS - 1) / THREADS;
    if (blocks)
        level_kernel<<<dim3((unsigned)blocks, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
