/* activation_bwd.cuh -- derivatives of the activations that are made of exponentials.
 *
 * EXACT as in activation.cuh. Each is bounded, so a gradient is multiplied by it last. */
#ifndef GD_KERNELS_CUDA_ACTIVATION_BWD_CUH
#define GD_KERNELS_CUDA_ACTIVATION_BWD_CUH

#include "kernels/cuda/activation.cuh"

/* With s = sigmoid(x): s + x s (1 - s). */
template <int EXACT> static __device__ __forceinline__ float gdk_silu_slope(float x) {
    const float s = gdk_sigmoid<EXACT>(x);
    return s + x * s * (1.0f - s);
}

/* With e and n as in gdk_mish and t = n / (n + 2): t + x (1 - t^2) sigmoid(x), where
 * (1 - t^2) sigmoid(x) = 4 e (1 + e) / (n + 2)^2. */
template <int EXACT> static __device__ __forceinline__ float gdk_mish_slope(float x) {
    const float e = gdk_act_exp<EXACT>(x > 20.0f ? 20.0f : x), n = e * (e + 2.0f);
    const float by = gdk_act_over<EXACT>(1.0f, n + 2.0f);
    return n * by + x * (4.0f * (e * by) * ((1.0f + e) * by));
}

/* The normal distribution below x, and x times its density. */
template <int EXACT> static __device__ __forceinline__ float gdk_gelu_slope(float x) {
    const float t = fminf(fabsf(x), 20.0f), e = gdk_act_exp<EXACT>(-0.5f * t * t);
    const float part = x * (e * 0.39894228040143268f);
    if (EXACT) return 0.5f * (1.0f + erff(x * 0.70710678118654752f)) + part;
    const float s = GDK_NORMAL_SLOPE * t;
    const float tail = e * gdk_normal_ratio(gdk_act_over<EXACT>(s, 1.0f + s));
    return (x > 0.0f ? 1.0f - tail : tail) + part;
}

/* With s = sigmoid(u), u = 2 sqrt(2 / pi) (x + 0.044715 x^3): s + x s (1 - s) u', and 1 - s is
 * exp(-u) s, which loses nothing where s is near 1. */
template <int EXACT> static __device__ __forceinline__ float gdk_gelu_tanh_slope(float x) {
    const float u = fmaxf(1.5957691216057308f * (x + 0.044715f * x * x * x), -80.0f);
    const float e = gdk_act_exp<EXACT>(-u), s = gdk_act_over<EXACT>(1.0f, 1.0f + e);
    return s + x * (e * s * s) * (1.5957691216057308f * (1.0f + 0.134145f * x * x));
}

#endif
