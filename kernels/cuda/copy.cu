/* copy.cu -- elements moved between places. Bound by memory traffic.
 *
 * Blocks (.., i) own part i: DEEP * THREADS units each, a thread DEEP of them, THREADS apart,
 * all of whose loads are under way before the first store. */
#include "kernels/cuda/copy.h"
#include "kernels/cuda/launch.cuh"

enum { THREADS = 256, DEEP = 4 };

template <typename unit>
static __global__ void __launch_bounds__(THREADS)
    gdk_copy_kernel(const __grid_constant__ gdk_copy c) {
    const gdk_copy_part &p = c.part[blockIdx.y];
    const uint32_t       first = blockIdx.x * (uint32_t)(THREADS * DEEP) + threadIdx.x;
    unit                 v[DEEP];
    int64_t              to[DEEP];
    gdk_grid_follow();
#pragma unroll
    for (int j = 0; j < DEEP; j++) {
        const uint32_t u = first + j * THREADS;
        v[j] = unit();
        to[j] = -1;
        if (u >= p.n) continue;
        int64_t from;
        to[j] = gdk_copy_place(&p, u, &from);
        if (from >= 0) v[j] = ((const unit *)p.x)[from];
    }
#pragma unroll
    for (int j = 0; j < DEEP; j++)
        if (to[j] >= 0) ((unit *)p.y)[to[j]] = v[j];
}

extern "C" cudaError_t gdk_copy_launch(const gdk_copy *c, cudaStream_t stream) {
    const dim3 grid((c->most + THREADS * DEEP - 1) / (THREADS * DEEP), (unsigned)c->n);
    const bool early = c->early;
    switch (c->unit) {
    case 16: return gdk_launch(gdk_copy_kernel<uint4>, grid, THREADS, 0, stream, early, 1, *c);
    case 8: return gdk_launch(gdk_copy_kernel<uint2>, grid, THREADS, 0, stream, early, 1, *c);
    case 4:
        return gdk_launch(gdk_copy_kernel<uint32_t>, grid, THREADS, 0, stream, early, 1, *c);
    default:
        return gdk_launch(gdk_copy_kernel<uint16_t>, grid, THREADS, 0, stream, early, 1, *c);
    }
}
