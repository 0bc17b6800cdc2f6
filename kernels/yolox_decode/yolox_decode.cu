/* yolox_decode.cu -- YOLOX heads to boxes, scores, labels. Bound by memory; a warp a cell. */
#include "kernels/cuda/best_sigmoid.cuh"
#include "kernels/yolox_decode/yolox_decode_cuda.h"

enum { THREADS = 256, WARPS = THREADS / 32 };

static __global__ void __launch_bounds__(THREADS)
    decode_kernel(const __grid_constant__ gdk_yolox_decode_args a) {
    const int b = (int)blockIdx.y, lane = (int)threadIdx.x % 32;
    const int at = (int)blockIdx.x * WARPS + (int)threadIdx.x / 32;
    if (at >= a.n) return;
    int lv = 0;
    while (lv + 1 < a.n_level && at >= a.level[lv + 1].first) lv++;
    const gdk_yolox_decode_level &f = a.level[lv];
    const int                     cell = at - f.first, y = cell / f.W, x = cell - y * f.W;
    const float                  *v = f.data + ((int64_t)b * f.cells + cell) * f.pitch;
    float                         best;
    const int                     label = gdk_best_sigmoid(v + 5, a.classes, lane, &best);
    if (lane) return;
    const int64_t row = (int64_t)b * a.n + at;
    const float   cx = gdk_mul(gdk_add(v[0], (float)x), f.stride);
    const float   cy = gdk_mul(gdk_add(v[1], (float)y), f.stride);
    const float   w = gdk_mul(expf(v[2]), f.stride) / 2, h = gdk_mul(expf(v[3]), f.stride) / 2;
    *(float4 *)(a.box + row * a.box_pitch) =
        make_float4(gdk_sub(cx, w), gdk_sub(cy, h), gdk_add(cx, w), gdk_add(cy, h));
    a.score[(int64_t)b * a.score_pitch + at] = gdk_mul(gdk_sigmoid(v[4]), best);
    a.label[(int64_t)b * a.label_pitch + at] = label;
}

extern "C" cudaError_t gdk_yolox_decode_launch(const gdk_yolox_decode_args *a,
                                               cudaStream_t                 stream) {
    const int blocks = (a->n + WARPS - 1) / WARPS;
    if (blocks)
        decode_kernel<<<dim3((unsigned)blocks, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
