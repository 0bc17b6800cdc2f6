/* box_restore.cu -- boxes back to pixels of the picture. Bound by latency; one thread a box. */
#include "kernels/arg.h"
#include "kernels/box_restore/box_restore.h"
#include "kernels/box_restore/box_restore_cuda.h"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/round.h"

enum { THREADS = 128 };

static __device__ __forceinline__ float restore(const gdk_box_restore_args &a, float v,
                                                const float *g, bool x) {
    const float src = g[x ? GD_GEOM_SRC_W : GD_GEOM_SRC_H];
    float       o;
    if (a.mode == GD_RESTORE_RELATIVE)
        o = gdk_mul(v, src);
    else if (a.mode == GD_RESTORE_DONE)
        o = v;
    else if (a.mode == GD_RESTORE_LETTERBOX)
        o = gdk_sub(v, g[x ? GD_GEOM_LEFT : GD_GEOM_TOP]) /
            g[x ? GD_GEOM_SCALE_X : GD_GEOM_SCALE_Y];
    else
        o = gdk_mul(v, src / g[x ? GD_GEOM_NEW_W : GD_GEOM_NEW_H]);
    return !a.clip ? o : o < 0.0f ? 0.0f : o > src ? src : o;
}

static __global__ void __launch_bounds__(THREADS) restore_kernel(const gdk_box_restore_args a) {
    const int b = (int)blockIdx.y, i = (int)(blockIdx.x * THREADS + threadIdx.x);
    gdk_grid_follow();
    if (i >= a.n) return;
    const float *g = a.geometry + (int64_t)b * a.geometry_pitch;
    const float4 p = *(const float4 *)(a.box + ((int64_t)b * a.n + i) * a.box_pitch);
    *(float4 *)(a.out + ((int64_t)b * a.n + i) * a.out_pitch) =
        make_float4(restore(a, p.x, g, true), restore(a, p.y, g, false),
                    restore(a, p.z, g, true), restore(a, p.w, g, false));
}

extern "C" cudaError_t gdk_box_restore_launch(const gdk_box_restore_args *a,
                                              cudaStream_t                stream) {
    const int blocks = (a->n + THREADS - 1) / THREADS;
    if (!blocks) return cudaSuccess;
    return gdk_launch(restore_kernel, dim3((unsigned)blocks, (unsigned)a->B), THREADS, 0,
                      stream, a->early, 1, *a);
}
