/* gather_boxes.cu -- picks boxes by index. Bound by latency; one thread a row. */
#include "kernels/cuda/launch.cuh"
#include "kernels/gather_boxes/gather_boxes_cuda.h"

enum { THREADS = 128 };

static __global__ void __launch_bounds__(THREADS) gather_kernel(const gdk_gather_boxes_args a) {
    const int b = (int)blockIdx.y, j = (int)(blockIdx.x * THREADS + threadIdx.x);
    gdk_grid_follow();
    if (j >= a.m) return;
    const int count = a.count ? a.count[b] : a.m;
    int       i = j < count ? a.index[(int64_t)b * a.index_pitch + j] : -1;
    if (i >= a.n) i = -1;
    float4  box = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    float   score = 0.0f;
    int32_t label = -1;
    if (i >= 0) {
        box = *(const float4 *)(a.box + ((int64_t)b * a.n + i) * a.box_pitch);
        score = a.score[(int64_t)b * a.score_pitch + i];
        label = a.label ? a.label[(int64_t)b * a.label_pitch + i] : 0;
    }
    *(float4 *)(a.box_out + ((int64_t)b * a.m + j) * a.box_out_pitch) = box;
    a.score_out[(int64_t)b * a.score_out_pitch + j] = score;
    a.label_out[(int64_t)b * a.label_out_pitch + j] = label;
}

extern "C" cudaError_t gdk_gather_boxes_launch(const gdk_gather_boxes_args *a,
                                               cudaStream_t                 stream) {
    const int blocks = (a->m + THREADS - 1) / THREADS;
    if (!blocks) return cudaSuccess;
    return gdk_launch(gather_kernel, dim3((unsigned)blocks, (unsigned)a->B), THREADS, 0, stream,
                      a->early, 1, *a);
}
