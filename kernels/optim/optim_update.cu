/* optim_update.cu -- weights and what belongs to them, after a step. Bound by memory traffic:
 * sgd moves 20 bytes a weight (41.8 M weights: 0.19 ms at 4.3 TB/s), adam 28, ema 12.
 *
 * A block owns DEEP * THREADS runs of four floats, a thread DEEP of them, THREADS apart, all of
 * whose loads are under way before the first is used. What a step has in common (the factor,
 * learning rates, Adam's corrections of bias, in FP64) one thread of each block works out. */
#include "kernels/cuda/launch.cuh"
#include "kernels/optim/optim_cuda.h"

enum { THREADS = 256, DEEP = 2 };

/* Of one step; read from memory by one thread. */
struct step {
    float factor, lr, first, second, shrink, root, eps, decay;
    int   flag, keep;
};

static __device__ step step_of(const gdk_update &p) {
    step s = {};
    s.factor = p.factor ? *p.factor : 1.0f;
    s.keep = s.factor == 0.0f;
    s.eps = p.eps;
    s.flag = p.flag;
    s.decay = p.decay;
    s.first = p.hyper[p.kind == GDK_UPDATE_EMA ? GD_HYPER_EMA : GD_HYPER_MOMENTUM];
    if (p.kind == GDK_UPDATE_ACCUMULATE) s.flag = p.hyper[GD_HYPER_FIRST] != 0.0f;
    if (p.kind == GDK_UPDATE_SGD || p.kind == GDK_UPDATE_ADAM)
        s.lr = p.hyper[GD_N_HYPER + p.group];
    if (p.kind == GDK_UPDATE_ADAM) {
        const int t = p.counts[GD_COUNT_TAKEN];
        s.second = p.beta2;
        s.shrink = p.flag ? 1.0f - s.lr * p.decay : 1.0f;
        s.decay = p.flag ? 0.0f : p.decay;
        s.lr = (float)((double)s.lr / (1.0 - pow((double)s.first, (double)t)));
        s.root = (float)sqrt(1.0 - pow((double)p.beta2, (double)t));
    }
    return s;
}

/* x: the inputs of one weight; the first ones become the results. */
template <int KIND> static __device__ __forceinline__ void apply(const step &s, float (&x)[4]) {
    if constexpr (KIND == GDK_UPDATE_SGD) {
        const float d = x[2] * s.factor + s.decay * x[0];
        x[1] = s.first * x[1] + d;
        x[0] -= s.lr * (s.flag ? d + s.first * x[1] : x[1]);
    } else if constexpr (KIND == GDK_UPDATE_ADAM) {
        const float d = x[3] * s.factor + s.decay * x[0];
        x[1] = s.first * x[1] + (1.0f - s.first) * d;
        x[2] = s.second * x[2] + (1.0f - s.second) * d * d;
        x[0] = x[0] * s.shrink - s.lr * x[1] / (sqrtf(x[2]) / s.root + s.eps);
    } else if constexpr (KIND == GDK_UPDATE_ACCUMULATE) {
        x[0] = s.flag ? x[1] : x[0] + x[1];
    } else {
        x[0] = s.first * x[0] + (1.0f - s.first) * x[1];
    }
}

template <int KIND>
static __global__ void __launch_bounds__(THREADS, 2)
    gdk_update_kernel(const __grid_constant__ gdk_update p) {
    constexpr int   IN = KIND == GDK_UPDATE_ADAM ? 4 : KIND == GDK_UPDATE_SGD ? 3 : 2;
    constexpr int   OUT = KIND == GDK_UPDATE_ADAM ? 3 : KIND == GDK_UPDATE_SGD ? 2 : 1;
    __shared__ step shared;
    const int64_t   first = (int64_t)blockIdx.x * (THREADS * DEEP) + threadIdx.x;
    float4          v[DEEP][IN];
    gdk_grid_follow();
#pragma unroll
    for (int j = 0; j < DEEP; j++)
#pragma unroll
        for (int i = 0; i < IN; i++)
            if ((first + j * THREADS) * 4 + 4 <= p.n)
                v[j][i] = ((const float4 *)p.in[i])[first + j * THREADS];
    if (threadIdx.x == 0) shared = step_of(p);
    __syncthreads();
    const step s = shared;
#pragma unroll
    for (int j = 0; j < DEEP; j++) {
        const int64_t at = first + j * THREADS;
        float         x[4][4];
        if (at * 4 + 4 > p.n) continue;
#pragma unroll
        for (int i = 0; i < IN; i++) {
            x[0][i] = v[j][i].x, x[1][i] = v[j][i].y;
            x[2][i] = v[j][i].z, x[3][i] = v[j][i].w;
        }
#pragma unroll
        for (int k = 0; k < 4; k++)
            if (!s.keep) apply<KIND>(s, x[k]);
#pragma unroll
        for (int i = 0; i < OUT; i++)
            if (!s.keep || p.out[i] != p.in[i])
                ((float4 *)p.out[i])[at] = make_float4(x[0][i], x[1][i], x[2][i], x[3][i]);
    }
    /* The last three at most: of the thread whose run they would begin. */
#pragma unroll 1
    for (int j = 0; j < DEEP; j++)
        for (int64_t i = (first + j * THREADS) * 4; i < p.n && i / 4 * 4 + 4 > p.n; i++) {
            float x[4];
#pragma unroll
            for (int k = 0; k < IN; k++) x[k] = p.in[k][i];
            if (!s.keep) apply<KIND>(s, x);
#pragma unroll
            for (int k = 0; k < OUT; k++) p.out[k][i] = x[k];
        }
}

extern "C" cudaError_t gdk_update_launch(const gdk_update *p, cudaStream_t stream) {
    static void (*const kernel[GDK_N_UPDATE])(gdk_update) = {
        gdk_update_kernel<GDK_UPDATE_SGD>, gdk_update_kernel<GDK_UPDATE_ADAM>,
        gdk_update_kernel<GDK_UPDATE_ACCUMULATE>, gdk_update_kernel<GDK_UPDATE_EMA>};
    const int64_t block = (int64_t)THREADS * DEEP * 4;
    return gdk_launch(kernel[p->kind], (unsigned)((p->n + block - 1) / block), THREADS, 0,
                      stream, p->early, 1, *p);
}
