/* row_scale.cu -- filters times a number each. Bound by memory traffic.
 *
 * A thread owns four neighbours, which it loads and stores at once where rows are whole groups
 * of four; factors come from the caches. */
#include <cuda_fp16.h>

#include "kernels/cuda/launch.cuh"
#include "kernels/row_scale/row_scale_cuda.h"

enum { THREADS = 256 };

static __device__ __forceinline__ void put(const gdk_row_scale_args &a, uint32_t i, float v) {
    if (a.half)
        ((__half *)a.y)[i] = __float2half_rn(v);
    else
        ((float *)a.y)[i] = v;
}

static __global__ void __launch_bounds__(THREADS)
    row_scale_kernel(const __grid_constant__ gdk_row_scale_args a) {
    const uint32_t first = (blockIdx.x * (uint32_t)THREADS + threadIdx.x) * 4;
    gdk_grid_follow();
    if (first >= a.n) return;
    if (!a.vec) {
        for (uint32_t i = first; i < a.n && i < first + 4; i++)
            put(a, i, a.w[i] * a.s[gdk_divide(i, &a.row)]);
        return;
    }
    const float  s = a.s[gdk_divide(first, &a.row)];
    const float4 w = ((const float4 *)a.w)[first / 4];
    if (a.half) {
        const __half2 y[2] = {__floats2half2_rn(w.x * s, w.y * s),
                              __floats2half2_rn(w.z * s, w.w * s)};
        ((uint2 *)a.y)[first / 4] = *(const uint2 *)y;
    } else {
        ((float4 *)a.y)[first / 4] = make_float4(w.x * s, w.y * s, w.z * s, w.w * s);
    }
}

extern "C" cudaError_t gdk_row_scale_launch(const gdk_row_scale_args *a, cudaStream_t stream) {
    const unsigned block = THREADS * 4;
    return gdk_launch(row_scale_kernel, (a->n + block - 1) / block, THREADS, 0, stream,
                      a->early, 1, *a);
}
