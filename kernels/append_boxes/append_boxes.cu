/* append_boxes.cu -- boxes behind boxes. Bound by latency; one thread a row. */
#include "kernels/append_boxes/append_boxes_cuda.h"

enum { THREADS = 128 };

static __global__ void __launch_bounds__(THREADS) append_kernel(const gdk_append_boxes_args a) {
    const int b = (int)blockIdx.y, i = (int)(blockIdx.x * THREADS + threadIdx.x);
    const int n = min(max(a.count[b], 0), a.P), all = n + min(max(a.gt_count[b], 0), a.G);
    if (i == 0) a.out_count[b] = all;
    if (i >= a.P + a.G) return;
    const float *from = i < n     ? a.box + ((int64_t)b * a.P + i) * a.box_pitch
                        : i < all ? a.gt + ((int64_t)b * a.G + i - n) * a.gt_pitch
                                  : nullptr;
    float       *to = a.out + ((int64_t)b * (a.P + a.G) + i) * a.out_pitch;
#pragma unroll
    for (int c = 0; c < 4; c++) to[c] = from ? from[c] : 0.0f;
}

extern "C" cudaError_t gdk_append_boxes_launch(const gdk_append_boxes_args *a,
                                               cudaStream_t                 stream) {
    if (!a->B) return cudaSuccess;
    const unsigned blocks = ((unsigned)(a->P + a->G) + THREADS - 1) / THREADS;
    append_kernel<<<dim3(blocks ? blocks : 1, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
