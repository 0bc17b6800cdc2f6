/* dfl.cu -- distributions to boxes. Bound by memory; one thread a side, four threads a cell.
 *
 * A thread reads its row twice, the second time from the first-level cache. */
#include "kernels/cuda/round.h"
#include "kernels/dfl/dfl_cuda.h"

enum { THREADS = 128 };

static __global__ void __launch_bounds__(THREADS)
    dfl_kernel(const __grid_constant__ gdk_dfl_args a) {
    const int b = (int)blockIdx.y, id = (int)(blockIdx.x * THREADS + threadIdx.x);
    const int at = id / 4, side = id % 4;
    if (at >= a.n) return;
    int lv = 0;
    while (lv + 1 < a.n_level && at >= a.level[lv + 1].first) lv++;
    const gdk_dfl_level &f = a.level[lv];
    const int            cell = at - f.first, y = cell / f.W, x = cell - y * f.W;
    const float         *v = f.x + ((int64_t)b * f.cells + cell) * f.pitch + side * a.bins;
    float                top = -INFINITY, sum = 0.0f, weighted = 0.0f;
    for (int k = 0; k < a.bins; k++) top = fmaxf(top, v[k]);
    for (int k = 0; k < a.bins; k++) {
        const float e = expf(v[k] - top);
        sum += e;
        weighted += (float)k * e;
    }
    const float d = weighted / sum, centre = (float)(side % 2 ? y : x) + 0.5f;
    a.box[((int64_t)b * a.n + at) * a.box_pitch + side] =
        gdk_mul(side < 2 ? gdk_sub(centre, d) : gdk_add(centre, d), f.stride);
}

extern "C" cudaError_t gdk_dfl_launch(const gdk_dfl_args *a, cudaStream_t stream) {
    const int blocks = (4 * a->n + THREADS - 1) / THREADS;
    if (blocks) dfl_kernel<<<dim3((unsigned)blocks, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
