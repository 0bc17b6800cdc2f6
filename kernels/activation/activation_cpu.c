/* activation_cpu.c -- the activations vectorised and dealt out to the thread pool.
 *
 * In place, x and y are the same array: `omp simd` says that lanes do not touch each other.
 * Bound by memory; sigmoid and silu too, with exp as straight-line code (cpu/vmath.h). */
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

GD_ISA_BODY void sigmoid_body SPAN {
    (void)unused;
    (void)attr;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = gd_sigmoid_f32(x[i]);
}
GD_ISA(sigmoid, SPAN, (x, unused, y, n, attr))

GD_ISA_BODY void silu_body SPAN {
    (void)unused;
    (void)attr;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = x[i] / (1.0f + gd_exp_f32(-x[i]));
}
GD_ISA(silu, SPAN, (x, unused, y, n, attr))

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
