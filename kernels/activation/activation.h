/* activation.h -- relu, leaky_relu, silu, sigmoid: pointwise functions of one input.
 *
 *   relu        y = x for x > 0, else 0             NaN stays NaN
 *   leaky_relu  y = x for x > 0, else slope * x     slope 0.01 in PyTorch, 0.1 in Darknet
 *   sigmoid     y = 1 / (1 + exp(-x))
 *   silu        y = x / (1 + exp(-x))
 *
 * All may run in place and may be absorbed by a producer. */
#ifndef GD_KERNELS_ACTIVATION_H
#define GD_KERNELS_ACTIVATION_H

#include "kernels/rows.h"

typedef struct gd_leaky_relu {
    float slope;
} gd_leaky_relu;

GD_REF_DECLARE(relu)
GD_REF_DECLARE(relu_bwd)
GD_REF_DECLARE(leaky_relu)
GD_REF_DECLARE(leaky_relu_bwd)
GD_REF_DECLARE(sigmoid)
GD_REF_DECLARE(sigmoid_bwd)
GD_REF_DECLARE(silu)
GD_REF_DECLARE(silu_bwd)

gd_status gdk_relu_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_leaky_relu_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_sigmoid_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_silu_cpu_f32(const gd_launch *l, gd_error *err);

#endif
