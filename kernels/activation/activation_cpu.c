/* activation_cpu.c -- the activations vectorised and dealt out to the thread pool.
 *
 * In place, x and y are the same array: `omp simd` says that lanes do not touch each other.
 * Bound by memory; those made of exp too, which is straight-line code (cpu/vmath.h). */
#include "kernels/activation/activation.h"
#include "kernels/cpu/spread.h"
#include "kernels/cpu/vmath.h"

#define SPAN (const float *x, const float *unused, float *y, int64_t n, const void *attr)

GD_ISA_BODY void relu_body SPAN {
    (void)unused;
    (void)attr;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = x[i] <= 0 ? 0 : x[i];
}
GD_ISA(relu, SPAN, (x, unused, y, n, attr))

GD_ISA_BODY void leaky_relu_body SPAN {
    (void)unused;
    const float slope = ((const gd_leaky_relu *)attr)->slope;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : x[i] * slope;
}
GD_ISA(leaky_relu, SPAN, (x, unused, y, n, attr))

/* One that takes nothing but the number, by its formula in cpu/vmath.h. */
#define PLAIN(name)                                                                       \
    GD_ISA_BODY void name##_body SPAN {                                                   \
        (void)unused;                                                                     \
        (void)attr;                                                                       \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++) y[i] = gd_##name##_f32(x[i]); \
    }                                                                                     \
    GD_ISA(name, SPAN, (x, unused, y, n, attr))

PLAIN(sigmoid)
PLAIN(silu)
PLAIN(relu6)
PLAIN(hardsigmoid)
PLAIN(hardswish)
PLAIN(mish)

GD_ISA_BODY void gelu_body SPAN {
    (void)unused;
    if (((const gd_gelu *)attr)->tanh) {
#pragma omp simd
        for (int64_t i = 0; i < n; i++) y[i] = gd_gelu_tanh_f32(x[i]);
    } else {
#pragma omp simd
        for (int64_t i = 0; i < n; i++) y[i] = gd_gelu_f32(x[i]);
    }
}
GD_ISA(gelu, SPAN, (x, unused, y, n, attr))

#define OPERATOR(name)                                                  \
    gd_status gdk_##name##_cpu_f32(const gd_launch *l, gd_error *err) { \
        (void)err;                                                      \
        gdk_spread_f32(l, name);                                        \
        return GD_OK;                                                   \
    }

OPERATOR(relu)
OPERATOR(leaky_relu)
OPERATOR(sigmoid)
OPERATOR(silu)
OPERATOR(relu6)
OPERATOR(hardsigmoid)
OPERATOR(hardswish)
OPERATOR(mish)
OPERATOR(gelu)
