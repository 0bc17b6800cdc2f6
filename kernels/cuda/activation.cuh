/* activation.cuh -- the pointwise activations, for kernels and for the epilogue of others.
 *
 * NaN stays NaN in all of them. EXACT: with full divisions and exponentials, which may be
 * calls; else with fast ones, for results that are rounded or need few digits. */
#ifndef GD_KERNELS_CUDA_ACTIVATION_CUH
#define GD_KERNELS_CUDA_ACTIVATION_CUH

#include "kernels/activation/normal.h"

template <int EXACT> static __device__ __forceinline__ float gdk_act_exp(float x) {
    return EXACT ? expf(x) : __expf(x);
}
/* Fast: 0 where b is beyond 2^126. */
template <int EXACT> static __device__ __forceinline__ float gdk_act_over(float a, float b) {
    return EXACT ? a / b : __fdividef(a, b);
}

static __device__ __forceinline__ float gdk_relu(float x) { return x <= 0.0f ? 0.0f : x; }

static __device__ __forceinline__ float gdk_leaky_relu(float x, float slope) {
    return x > 0.0f ? x : x * slope;
}

static __device__ __forceinline__ float gdk_relu6(float x) {
    x = gdk_relu(x);
    return x > 6.0f ? 6.0f : x;
}

static __device__ __forceinline__ float gdk_hardsigmoid(float x) {
    return gdk_relu6(x + 3.0f) * 0.16666666666666667f;
}

template <int EXACT> static __device__ __forceinline__ float gdk_sigmoid(float x) {
    return gdk_act_over<EXACT>(1.0f, 1.0f + gdk_act_exp<EXACT>(-x));
}

template <int EXACT> static __device__ __forceinline__ float gdk_silu(float x) {
    return gdk_act_over<EXACT>(x, 1.0f + gdk_act_exp<EXACT>(-x));
}

/* With e = exp(x): tanh(log(1 + e)) = n / (n + 2), n = e (e + 2), which is 1 from 20 on. */
template <int EXACT> static __device__ __forceinline__ float gdk_mish(float x) {
    const float e = gdk_act_exp<EXACT>(x > 20.0f ? 20.0f : x), n = e * (e + 2.0f);
    return x * gdk_act_over<EXACT>(n, n + 2.0f);
}

template <int EXACT> static __device__ __forceinline__ float gdk_gelu(float x) {
    const float t = fminf(fabsf(x), 20.0f), s = GDK_NORMAL_SLOPE * t;
    const float v = gdk_act_over<EXACT>(s, 1.0f + s);
    const float tail = gdk_act_exp<EXACT>(-0.5f * t * t) * gdk_normal_ratio(v);
    return x * (x > 0.0f ? 1.0f - tail : tail);
}

/* (1 + tanh(v)) / 2 = sigmoid(2 v) */
template <int EXACT> static __device__ __forceinline__ float gdk_gelu_tanh(float x) {
    return x * gdk_sigmoid<EXACT>(1.5957691216057308f * (x + 0.044715f * x * x * x));
}

#endif
