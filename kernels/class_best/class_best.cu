/* class_best.cu -- the likeliest class of each cell. Bound by memory; a warp a cell. */
#include "kernels/class_best/class_best_cuda.h"

enum { THREADS = 256, WARPS = THREADS / 32 };

static __global__ void __launch_bounds__(THREADS)
    best_kernel(const __grid_constant__ gdk_class_best_args a) {
    const int b = (int)blockIdx.y, lane = (int)threadIdx.x % 32;
    const int at = (int)blockIdx.x * WARPS + (int)threadIdx.x / 32;
    if (at >= a.n) return;
    int lv = 0;
    while (lv + 1 < a.n_level && at >= a.level[lv + 1].first) lv++;
    const gdk_class_best_level &f = a.level[lv];
    const float                *v = f.x + ((int64_t)b * f.cells + at - f.first) * f.pitch;
    float                       most = -INFINITY;
    int                         label = a.classes;
    for (int c = lane; c < a.classes; c += 32)
        if (v[c] > most) most = v[c], label = c;
    for (int d = 16; d > 0; d /= 2) {
        const float other = __shfl_xor_sync(0xffffffffu, most, d);
        const int   its = __shfl_xor_sync(0xffffffffu, label, d);
        if (other > most || (other == most && its < label)) most = other, label = its;
    }
    if (lane) return;
    a.score[(int64_t)b * a.score_pitch + at] = 1.0f / (1.0f + expf(-most));
    a.label[(int64_t)b * a.label_pitch + at] = label == a.classes ? 0 : label;
}

extern "C" cudaError_t gdk_class_best_launch(const gdk_class_best_args *a,
                                             cudaStream_t               stream) {
    const int blocks = (a->n + WARPS - 1) / WARPS;
    if (blocks) best_kernel<<<dim3((unsigned)blocks, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
