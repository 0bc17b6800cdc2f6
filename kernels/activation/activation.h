/* activation.h -- relu, silu, gelu and their like: pointwise functions of one input.
 *
 *   relu        y = x for x > 0, else 0             NaN stays NaN
 *   leaky_relu  y = x for x > 0, else slope * x     slope 0.01 in PyTorch, 0.1 in Darknet
 *   sigmoid     y = 1 / (1 + exp(-x))
 *   silu        y = x / (1 + exp(-x))
 *   relu6       y = min(max(x, 0), 6)
 *   hardsigmoid y = relu6(x + 3) / 6
 *   hardswish   y = x hardsigmoid(x)
 *   mish        y = x tanh(log(1 + exp(x)))
 *   gelu        y = x (1 + erf(x / sqrt 2)) / 2; with `tanh` set the approximation
 *                   x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
 *
 * All may run in place and may be absorbed by a producer. */
#ifndef GD_KERNELS_ACTIVATION_H
#define GD_KERNELS_ACTIVATION_H

#include "kernels/rows.h"

typedef struct gd_leaky_relu {
    float slope;
} gd_leaky_relu;

typedef struct gd_gelu {
    int32_t tanh; /* 0: exact, 1: the approximation */
} gd_gelu;

GD_REF_DECLARE(relu)
GD_REF_DECLARE(relu_bwd)
GD_REF_DECLARE(leaky_relu)
GD_REF_DECLARE(leaky_relu_bwd)
GD_REF_DECLARE(sigmoid)
GD_REF_DECLARE(sigmoid_bwd)
GD_REF_DECLARE(silu)
GD_REF_DECLARE(silu_bwd)
GD_REF_DECLARE(relu6)
GD_REF_DECLARE(relu6_bwd)
GD_REF_DECLARE(hardsigmoid)
GD_REF_DECLARE(hardsigmoid_bwd)
GD_REF_DECLARE(hardswish)
GD_REF_DECLARE(hardswish_bwd)
GD_REF_DECLARE(mish)
GD_REF_DECLARE(mish_bwd)
GD_REF_DECLARE(gelu)
GD_REF_DECLARE(gelu_bwd)

gd_status gdk_relu_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_leaky_relu_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_sigmoid_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_silu_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_relu6_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_hardsigmoid_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_hardswish_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_mish_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_gelu_cpu_f32(const gd_launch *l, gd_error *err);

gd_status gdk_relu_bwd_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_leaky_relu_bwd_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_sigmoid_bwd_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_silu_bwd_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_relu6_bwd_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_hardsigmoid_bwd_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_hardswish_bwd_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_mish_bwd_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_gelu_bwd_cpu_f32(const gd_launch *l, gd_error *err);

#endif
