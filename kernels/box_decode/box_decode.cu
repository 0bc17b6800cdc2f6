/* box_decode.cu -- box deltas against anchors. Bound by memory; one thread a group of four.
 *
 * Every product and sum is rounded where box_decode_ref.c rounds it; only expf differs. */
#include "kernels/arg.h"
#include "kernels/box_decode/box_decode_cuda.h"
#include "kernels/cuda/round.h"

enum { THREADS = 128 };

static __device__ __forceinline__ float keep_in(float v, float most) {
    return v < 0.0f ? 0.0f : v > most ? most : v;
}

static __device__ __forceinline__ float4 decode(const gdk_box_decode_args &a, float4 d,
                                                float4 p) {
    const float w = gdk_sub(p.z, p.x), h = gdk_sub(p.w, p.y);
    const float cx = gdk_add(p.x, gdk_mul(0.5f, w)), cy = gdk_add(p.y, gdk_mul(0.5f, h));
    float       dw = d.z / a.weights[2], dh = d.w / a.weights[3];
    if (dw > a.max_log) dw = a.max_log;
    if (dh > a.max_log) dh = a.max_log;
    const float px = gdk_add(gdk_mul(d.x / a.weights[0], w), cx);
    const float py = gdk_add(gdk_mul(d.y / a.weights[1], h), cy);
    const float half_w = gdk_mul(0.5f, gdk_mul(expf(dw), w));
    const float half_h = gdk_mul(0.5f, gdk_mul(expf(dh), h));
    return make_float4(gdk_sub(px, half_w), gdk_sub(py, half_h), gdk_add(px, half_w),
                       gdk_add(py, half_h));
}

static __global__ void __launch_bounds__(THREADS) decode_kernel(const gdk_box_decode_args a) {
    const int b = (int)blockIdx.y, at = (int)(blockIdx.x * THREADS + threadIdx.x);
    const int j = at / a.groups, g = at - j * a.groups;
    if (j >= a.k) return;
    const int i = a.index ? a.index[(int64_t)b * a.index_pitch + j] : j;
    float4    o = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (i >= 0 && i < a.n) {
        const int64_t row = (int64_t)b * a.n + i, anchor = a.anchors_each ? row : i;
        o = decode(a, *(const float4 *)(a.delta + row * a.delta_pitch + 4 * g),
                   *(const float4 *)(a.anchor + anchor * a.anchor_pitch));
        if (a.clip) {
            const float *geometry = a.geometry + (int64_t)b * a.geometry_pitch;
            const float  w = geometry[GD_GEOM_NEW_W], h = geometry[GD_GEOM_NEW_H];
            o = make_float4(keep_in(o.x, w), keep_in(o.y, h), keep_in(o.z, w), keep_in(o.w, h));
        }
    }
    *(float4 *)(a.out + ((int64_t)b * a.k + j) * a.out_pitch + 4 * g) = o;
}

extern "C" cudaError_t gdk_box_decode_launch(const gdk_box_decode_args *a,
                                             cudaStream_t               stream) {
    const int blocks = (a->k * a->groups + THREADS - 1) / THREADS;
    if (blocks)
        decode_kernel<<<dim3((unsigned)blocks, (unsigned)a->B), THREADS, 0, stream>>>(*a);
    return cudaPeekAtLastError();
}
