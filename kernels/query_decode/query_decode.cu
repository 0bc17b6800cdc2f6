/* query_decode.cu -- queries to boxes, scores and labels. Bound by latency; a warp a query. */
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/round.h"
#include "kernels/query_decode/query_decode_cuda.h"

enum { THREADS = 128, WARPS = THREADS / 32 };

static __device__ __forceinline__ float sigmoid(float x) {
    return 1.0f / gdk_add(1.0f, expf(-x));
}

/* The larger of two logits with its class; equal ones the lower class. */
static __device__ __forceinline__ void take(float &most, int &label, float v, int c) {
    if (v > most || (v == most && c < label)) {
        most = v;
        label = c;
    }
}

static __global__ void __launch_bounds__(THREADS) decode_kernel(const gdk_query_decode_args a) {
    const int64_t row = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
    const int     lane = (int)threadIdx.x % 32;
    gdk_grid_follow();
    if (row >= a.rows) return;
    const float *x = a.logits + row * a.logits_pitch;
    float        most = -INFINITY, sum = 0.0f;
    int          label = 0x7fffffff;
    for (int c = lane; c < a.classes; c += 32) take(most, label, x[c], c);
    for (int d = 16; d > 0; d /= 2) {
        const float v = __shfl_xor_sync(0xffffffffu, most, d);
        const int   c = __shfl_xor_sync(0xffffffffu, label, d);
        take(most, label, v, c);
    }
    const float top = fmaxf(most, x[a.classes]);
    for (int c = lane; c <= a.classes; c += 32) sum += expf(x[c] - top);
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (lane) return;
    const int64_t b = row / a.n, i = row - b * a.n;
    const float  *raw = a.raw + row * a.raw_pitch;
    const float   cx = sigmoid(raw[0]), cy = sigmoid(raw[1]);
    const float   w = sigmoid(raw[2]) / 2, h = sigmoid(raw[3]) / 2;
    *(float4 *)(a.box + row * a.box_pitch) =
        make_float4(gdk_sub(cx, w), gdk_sub(cy, h), gdk_add(cx, w), gdk_add(cy, h));
    a.score[b * a.score_pitch + i] = expf(most - top) / sum;
    /* Only NaN everywhere leaves no label. */
    a.label[b * a.label_pitch + i] = label < a.classes ? label : 0;
}

extern "C" cudaError_t gdk_query_decode_launch(const gdk_query_decode_args *a,
                                               cudaStream_t                 stream) {
    if (!a->rows) return cudaSuccess;
    return gdk_launch(decode_kernel, (unsigned)((a->rows + WARPS - 1) / WARPS), THREADS, 0,
                      stream, a->early, 1, *a);
}
