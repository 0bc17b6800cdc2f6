/* yolox_decode.cu -- YOLOX heads to boxes, scores, labels. Bound by memory; a warp a cell.
 *
 * The best class is that of the largest logit, except that different logits may have one
 * sigmoid in FP32, where the definition wants the lower class: those that are close are looked
 * at again, with exponentials rounded from FP64 as the C library's are. */
#include "kernels/cuda/round.h"
#include "kernels/yolox_decode/yolox_decode_cuda.h"

enum { THREADS = 256, WARPS = THREADS / 32 };

static __device__ __forceinline__ float sigmoid(float x) {
    return 1.0f / gdk_add(1.0f, (float)exp((double)-x));
}

static __global__ void __launch_bounds__(THREADS)
    decode_kernel(const __grid_constant__ gdk_yolox_decode_args a) {
    const int b = (int)blockIdx.y, lane = (int)threadIdx.x % 32;
    const int at = (int)blockIdx.x * WARPS + (int)threadIdx.x / 32;
    if (at >= a.n) return;
    int lv = 0;
    while (lv + 1 < a.n_level && at >= a.level[lv + 1].first) lv++;
    const gdk_yolox_decode_level &f = a.level[lv];
    const int                     cell = at - f.first, y = cell / f.W, x = cell - y * f.W;
    const float *v = f.data + ((int64_t)b * f.cells + cell) * f.pitch, *logit = v + 5;
    float        most = -INFINITY;
    for (int c = lane; c < a.classes; c += 32) most = fmaxf(most, logit[c]);
    for (int d = 16; d > 0; d /= 2) most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, d));
    /* The sigmoid of 8 is within 4e-4 of 1: from there distant logits can be equal. */
    const float near_most = fminf(most, 8.0f) - 0.01f, best = sigmoid(most);
    int         label = a.classes;
    for (int c = lane; c < a.classes; c += 32)
        if (label == a.classes && logit[c] >= near_most &&
            (logit[c] == most || sigmoid(logit[c]) >= best))
            label = c;
    for (int d = 16; d > 0; d /= 2) label = min(label, __shfl_xor_sync(0xffffffffu, label, d));
    if (lane) return;
    const int64_t row = (int64_t)b * a.n + at;
    const float   cx = gdk_mul(gdk_add(v[0], (float)x), f.stride);
    const float   cy = gdk_mul(gdk_add(v[1], (float)y), f.stride);
    const float   w = gdk_mul(expf(v[2]), f.stride) / 2, h = gdk_mul(expf(v[3]), f.stride) / 2;
    *(float4 *)(a.box + row * a.box_pitch) =
        make_float4(gdk_sub(cx, w), gdk_sub(cy, h), gdk_add(cx, w), gdk_add(cy, h));
    a.score[(int64_t)b * a.score_pitch + at] = gdk_mul(sigmoid(v[4]), best);
    /* Only NaN everywhere leaves no label. */
    a.label[(int64_t)b * a.label_pitch + at] = label == a.classes ? 0 : label;
}

extern "C" cudaError_t gdk_yolox_decode_launch(const gdk_yolox_decode_args *a,
                                               cudaStream_t                 stream) {
    const int blocks = (a->n + WARPS - 1) / WARPS;
    if (blocks)
        decode_kernel<<<dim3((unsigned)blocks, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
