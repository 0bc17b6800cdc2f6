/* vmath.h -- exp and what is made of it, as straight-line code that compilers vectorise.
 *
 * exp(x) = 2^n * exp(r) with n = round(x / ln 2), |r| <= ln 2 / 2, and the polynomial of
 * Cephes' expf for exp(r). ln 2 is split so that n * hi is exact without a fused
 * multiply-add. Largest error seen over all floats: see tests/kernels/vmath_test.c (bound 2
 * ulp). NaN stays NaN. */
#ifndef GD_KERNELS_CPU_VMATH_H
#define GD_KERNELS_CPU_VMATH_H

#include <stdint.h>
#include <string.h>

#include "kernels/activation/normal.h"
#include "kernels/cpu/isa.h"

/* 2^n for -126 <= n <= 127. */
GD_ISA_BODY float gd_pow2_f32(uint32_t n) {
    uint32_t bits = (n + 127u) << 23;
    float    f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

GD_ISA_BODY float gd_exp_f32(float x) {
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    x = x > 89.0f ? 89.0f : x;       /* exp(89) is infinite, exp(-104) is 0 */
    x = x < -104.0f ? -104.0f : x;
    float t = x * 1.44269504088896341f + magic;
    float n = t - magic;
    float r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    uint32_t bits, base = 0x4b400000u; /* the bits of magic */
    memcpy(&bits, &t, sizeof bits);
    int32_t k = (int32_t)(bits - base);
    int32_t half = k >> 1; /* two factors: 2^k alone leaves the range at both ends */
    return p * gd_pow2_f32((uint32_t)half) * gd_pow2_f32((uint32_t)(k - half));
}

GD_ISA_BODY float gd_sigmoid_f32(float x) { return 1.0f / (1.0f + gd_exp_f32(-x)); }

/* The activations of more than one operation, for kernels that apply them to tiles, too. NaN
 * stays NaN in all of them. */
GD_ISA_BODY float gd_relu6_f32(float x) {
    x = x <= 0 ? 0 : x;
    return x > 6 ? 6 : x;
}
GD_ISA_BODY float gd_hardsigmoid_f32(float x) {
    return gd_relu6_f32(x + 3.0f) * 0.16666666666666667f;
}
GD_ISA_BODY float gd_hardswish_f32(float x) { return x * gd_hardsigmoid_f32(x); }
GD_ISA_BODY float gd_silu_f32(float x) { return x / (1.0f + gd_exp_f32(-x)); }

/* With e = exp(x): tanh(log(1 + e)) = n / (n + 2), n = e (e + 2), which is 1 from 20 on. */
GD_ISA_BODY float gd_mish_f32(float x) {
    const float e = gd_exp_f32(x > 20.0f ? 20.0f : x), n = e * (e + 2.0f);
    return x * (n / (n + 2.0f));
}

GD_ISA_BODY float gd_gelu_f32(float x) {
    const float a = x < 0 ? -x : x, t = a > 20.0f ? 20.0f : a, s = GDK_NORMAL_SLOPE * t;
    const float tail = gd_exp_f32(-0.5f * t * t) * gdk_normal_ratio(s / (1.0f + s));
    return x * (x > 0 ? 1.0f - tail : tail);
}
/* (1 + tanh(v)) / 2 = sigmoid(2 v) */
GD_ISA_BODY float gd_gelu_tanh_f32(float x) {
    return x * gd_sigmoid_f32(1.5957691216057308f * (x + 0.044715f * x * x * x));
}

#endif
