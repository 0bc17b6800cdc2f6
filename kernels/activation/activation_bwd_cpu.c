/* activation_bwd_cpu.c -- gradients of the activations, vectorised and dealt out; see
 * activation_cpu.c. Each is one function of d_y and of the output or input that the definition
 * names; bound by memory. */
#include "kernels/activation/activation.h"
#include "kernels/cpu/spread.h"
#include "kernels/cpu/vmath.h"

#define SCALAR(name) GD_ISA_BODY float name##_at(float d, float v, float slope)

SCALAR(relu) { /* d_y, y */
    (void)slope;
    return v > 0 ? d : 0;
}
SCALAR(leaky_relu) { /* d_y, x */
    return v > 0 ? d : d * slope;
}
SCALAR(sigmoid) { /* d_y, y */
    (void)slope;
    return d * v * (1 - v);
}
SCALAR(silu) { /* d_y, x */
    (void)slope;
    const float s = gd_sigmoid_f32(v);
    return d * (s + v * s * (1 - s));
}
SCALAR(relu6) { /* d_y, y */
    (void)slope;
    return v > 0 && v < 6 ? d : 0;
}
SCALAR(hardsigmoid) { /* d_y, y */
    (void)slope;
    return v > 0 && v < 1 ? d * 0.16666666666666667f : 0;
}
SCALAR(hardswish) { /* d_y, x */
    (void)slope;
    const float inside = d * (v * 0.33333333333333333f + 0.5f);
    return v < -3 ? 0 : v > 3 ? d : inside;
}
/* d_y, x. As gd_mish_f32: t = n / (n + 2), so 1 - t^2 = 4 (n + 1) / (n + 2)^2. */
SCALAR(mish) {
    (void)slope;
    const float e = gd_exp_f32(v > 20.0f ? 20.0f : v), n = e * (e + 2.0f);
    const float rest = 4.0f * (n + 1.0f) / ((n + 2.0f) * (n + 2.0f));
    return d * (n / (n + 2.0f) + v * rest * (e / (1.0f + e)));
}
/* d_y, x: the share of the normal distribution below x, and x times its density. */
SCALAR(gelu) {
    (void)slope;
    const float a = v < 0 ? -v : v, t = a > 20.0f ? 20.0f : a, s = GDK_NORMAL_SLOPE * t;
    const float e = gd_exp_f32(-0.5f * t * t), tail = e * gdk_normal_ratio(s / (1.0f + s));
    return d * ((v > 0 ? 1.0f - tail : tail) + v * e * 0.39894228040143268f);
}
/* With s = (1 + tanh(w)) / 2: y' = s + 2 x s (1 - s) w'. Both s and 1 - s are made of e =
 * exp(-2 |w|), so neither loses digits. */
SCALAR(gelu_tanh) {
    (void)slope;
    const float w = 1.5957691216057308f * (v + 0.044715f * v * v * v);
    const float e = gd_exp_f32(w > 0 ? -w : w), most = 1.0f / (1.0f + e), least = e * most;
    const float slope_of_w = 0.79788456080286536f * (1.0f + 0.134145f * v * v);
    return d * ((w > 0 ? most : least) + 2.0f * v * (most * least) * slope_of_w);
}

/* In place, d and y are the same array: `omp simd` says that lanes do not touch each other. */
#define SPAN (const float *d, const float *v, float *y, int64_t n, const void *attr)
#define LOOP(name, of_attr)                                        \
    GD_ISA_BODY void name##_bwd_body SPAN {                        \
        (void)attr;                                                \
        const float slope = of_attr;                               \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++) y[i] = \
            name##_at(d[i], v[i], slope);                          \
    }                                                              \
    GD_ISA(name##_bwd, SPAN, (d, v, y, n, attr))
#define OPERATOR(name, function)                                            \
    gd_status gdk_##name##_bwd_cpu_f32(const gd_launch *l, gd_error *err) { \
        (void)err;                                                          \
        gdk_spread_f32(l, function##_bwd);                                  \
        return GD_OK;                                                       \
    }

LOOP(relu, 0)
LOOP(leaky_relu, ((const gd_leaky_relu *)attr)->slope)
LOOP(sigmoid, 0)
LOOP(silu, 0)
LOOP(relu6, 0)
LOOP(hardsigmoid, 0)
LOOP(hardswish, 0)
LOOP(mish, 0)
LOOP(gelu, 0)
LOOP(gelu_tanh, 0)

OPERATOR(relu, relu)
OPERATOR(leaky_relu, leaky_relu)
OPERATOR(sigmoid, sigmoid)
OPERATOR(silu, silu)
OPERATOR(relu6, relu6)
OPERATOR(hardsigmoid, hardsigmoid)
OPERATOR(hardswish, hardswish)
OPERATOR(mish, mish)

gd_status gdk_gelu_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gdk_spread_f32(l, ((const gd_gelu *)l->attr)->tanh ? gelu_tanh_bwd : gelu_bwd);
    return GD_OK;
}
