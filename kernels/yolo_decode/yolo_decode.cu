/* yolo_decode.cu -- anchor heads to boxes, scores, labels. Bound by memory; a warp each. */
#include "kernels/cuda/best_sigmoid.cuh"
#include "kernels/yolo_decode/yolo_decode_cuda.h"

enum { THREADS = 256, WARPS = THREADS / 32 };

static __device__ __forceinline__ float act(const gdk_yolo_decode_args &a, float x) {
    return a.logits ? gdk_sigmoid(x) : x;
}

/* The best class of a warp's anchor whose numbers are activated already. */
static __device__ __forceinline__ int largest(const float *p, int n, int lane, float *best) {
    float most = -INFINITY;
    int   label = n;
    for (int c = lane; c < n; c += 32)
        if (p[c] > most || label == n) most = p[c], label = c;
    for (int d = 16; d > 0; d /= 2) {
        const float v = __shfl_xor_sync(0xffffffffu, most, d);
        const int   k = __shfl_xor_sync(0xffffffffu, label, d);
        if (k < n && (label == n || v > most || (v == most && k < label))) most = v, label = k;
    }
    *best = most;
    return label;
}

static __device__ __forceinline__ float side(const gdk_yolo_decode_args &a, float x,
                                             float anchor) {
    if (!a.square) return gdk_mul(expf(x), anchor);
    const float s = gdk_mul(2.0f, act(a, x));
    return gdk_mul(gdk_mul(s, s), anchor);
}

static __device__ __forceinline__ float centre(const gdk_yolo_decode_args  &a,
                                               const gdk_yolo_decode_level &f, float x,
                                               int at) {
    const float z = f.scale_xy;
    return gdk_mul(gdk_add(gdk_sub(gdk_mul(act(a, x), z), gdk_sub(z, 1.0f) / 2), (float)at),
                   f.stride);
}

static __global__ void __launch_bounds__(THREADS)
    decode_kernel(const __grid_constant__ gdk_yolo_decode_args a) {
    const int b = (int)blockIdx.y, lane = (int)threadIdx.x % 32;
    const int at = (int)blockIdx.x * WARPS + (int)threadIdx.x / 32;
    if (at >= a.n) return;
    int lv = 0;
    while (lv + 1 < a.n_level && at >= a.level[lv + 1].first) lv++;
    const gdk_yolo_decode_level &f = a.level[lv];
    const int     cell = (at - f.first) / f.anchors, k = (at - f.first) % f.anchors;
    const float  *v = f.data + ((int64_t)b * f.cells + cell) * f.pitch + k * (5 + a.classes);
    const int64_t row = (int64_t)b * a.n + at;
    const float   object = act(a, v[4]);
    float         best;
    const int     label = a.logits ? gdk_best_sigmoid(v + 5, a.classes, lane, &best)
                                   : largest(v + 5, a.classes, lane, &best);
    if (a.multi)
        for (int c = lane; c < a.classes; c += 32)
            a.score[row * a.score_pitch + c] = gdk_mul(object, act(a, v[5 + c]));
    if (lane) return;
    const float cx = centre(a, f, v[0], cell % f.W), w = side(a, v[2], f.anchor[2 * k]) / 2;
    const float cy = centre(a, f, v[1], cell / f.W), h = side(a, v[3], f.anchor[2 * k + 1]) / 2;
    *(float4 *)(a.box + row * a.box_pitch) =
        make_float4(gdk_sub(cx, w), gdk_sub(cy, h), gdk_add(cx, w), gdk_add(cy, h));
    if (!a.multi) a.score[(int64_t)b * a.score_pitch + at] = gdk_mul(object, best);
    a.label[(int64_t)b * a.label_pitch + at] = label;
}

extern "C" cudaError_t gdk_yolo_decode_launch(const gdk_yolo_decode_args *a,
                                              cudaStream_t                stream) {
    const int blocks = (a->n + WARPS - 1) / WARPS;
    if (blocks)
        decode_kernel<<<dim3((unsigned)blocks, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
