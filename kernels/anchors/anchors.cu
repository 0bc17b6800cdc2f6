/* anchors.cu -- the anchor grid. Bound by writing; one thread an anchor. */
#include "kernels/anchors/anchors_cuda.h"
#include "kernels/cuda/round.h"

enum { THREADS = 128 };

static __global__ void __launch_bounds__(THREADS)
    anchors_kernel(const __grid_constant__ gdk_anchors_args a) {
    const int row = (int)(blockIdx.x * THREADS + threadIdx.x);
    const int each = a.attr.n_ratio * a.attr.n_size, cell = row / each, at = row - cell * each;
    if (cell >= a.H * a.W) return;
    const int   y = cell / a.W, x = cell - y * a.W;
    const float size = a.attr.size[at % a.attr.n_size];
    const float h_ratio = sqrtf(a.attr.ratio[at / a.attr.n_size]), w_ratio = 1.0f / h_ratio;
    const float w = gdk_mul(w_ratio, size), h = gdk_mul(h_ratio, size);
    const float cx = (float)((int64_t)x * a.attr.stride_w);
    const float cy = (float)((int64_t)y * a.attr.stride_h);
    *(float4 *)(a.out + (int64_t)row * a.out_pitch) =
        make_float4(gdk_add(cx, rintf(-w / 2)), gdk_add(cy, rintf(-h / 2)),
                    gdk_add(cx, rintf(w / 2)), gdk_add(cy, rintf(h / 2)));
}

extern "C" cudaError_t gdk_anchors_launch(const gdk_anchors_args *a, cudaStream_t stream) {
    const int rows = a->H * a->W * a->attr.n_ratio * a->attr.n_size;
    const int blocks = (rows + THREADS - 1) / THREADS;
    if (blocks) anchors_kernel<<<(unsigned)blocks, THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
