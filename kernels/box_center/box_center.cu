/* box_center.cu -- boxes as centre and size. Bound by latency; one thread a box. */
#include "kernels/arg.h"
#include "kernels/box_center/box_center_cuda.h"
#include "kernels/cuda/round.h"

enum { THREADS = 128 };

static __global__ void __launch_bounds__(THREADS) center_kernel(const gdk_box_center_args a) {
    const int i = (int)(blockIdx.x * THREADS + threadIdx.x);
    if (i >= a.rows) return;
    const float *x = a.box + (int64_t)i * a.box_pitch;
    const float *g = a.geom + (int64_t)(i / a.n) * a.geom_pitch;
    float       *o = a.out + (int64_t)i * a.out_pitch;
    const float  size[2] = {g[GD_GEOM_NEW_W], g[GD_GEOM_NEW_H]};
    const float  at[2] = {g[GD_GEOM_LEFT], g[GD_GEOM_TOP]};
#pragma unroll
    for (int c = 0; c < 2; c++) {
        o[c] = gdk_sub(gdk_add(x[c], x[c + 2]) / 2.0f, at[c]) / size[c];
        o[c + 2] = gdk_sub(x[c + 2], x[c]) / size[c];
    }
}

extern "C" cudaError_t gdk_box_center_launch(const gdk_box_center_args *a,
                                             cudaStream_t               stream) {
    if (!a->rows) return cudaSuccess;
    center_kernel<<<((unsigned)a->rows + THREADS - 1) / THREADS, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
