/* channel_scale.cu -- channels times factors of their picture. Bound by memory traffic.
 *
 * A thread owns one unit of 16 bytes of channels; factors come from the L1 and L2 caches. */
#include "kernels/channel_scale/channel_scale_cuda.h"
#include "kernels/cuda/vec.cuh"

enum { THREADS = 256 };

template <int V, int WIDE>
static __global__ void __launch_bounds__(THREADS)
    channel_scale_kernel(const __grid_constant__ gdk_channel_scale_args a) {
    constexpr int  SIZE = WIDE ? 4 : 2;
    const uint32_t u = blockIdx.x * (uint32_t)THREADS + threadIdx.x;
    if (u >= a.n) return;
    const uint32_t pixel = gdk_divide(u, &a.unit), picture = gdk_divide(pixel, &a.plane);
    const int      c = (int)(u - pixel * a.unit.d) * V;
    const int64_t  x = pixel * a.x_pitch + c, s = picture * a.s_pitch + c;
    const int64_t  y = pixel * a.y_pitch + c;
    if (a.vec && a.C - c >= V) {
        float v[V], w[V];
        gdk_run_get<V>(v, gdk_run_load<V>((const char *)a.x + x * SIZE, WIDE), WIDE);
        gdk_run_get<V>(w, gdk_run_load<V>((const char *)a.s + s * SIZE, WIDE), WIDE);
#pragma unroll
        for (int i = 0; i < V; i++) v[i] *= w[i];
        gdk_run_store<V>((char *)a.y + y * SIZE, v, WIDE);
    } else {
        for (int i = 0; i < V && c + i < a.C; i++)
            gdk_element_set(a.y, y + i,
                            gdk_element(a.x, x + i, WIDE) * gdk_element(a.s, s + i, WIDE),
                            WIDE);
    }
}

extern "C" cudaError_t gdk_channel_scale_launch(const gdk_channel_scale_args *a,
                                                cudaStream_t                  stream) {
    const unsigned blocks = (a->n + THREADS - 1) / THREADS;
    if (!blocks) return cudaSuccess;
    if (a->wide)
        channel_scale_kernel<4, 1><<<blocks, THREADS, 0, stream>>>(*a);
    else
        channel_scale_kernel<8, 0><<<blocks, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
