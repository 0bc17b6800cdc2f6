/* activation_cuda.c -- CUDA rows of the activations and of their gradients: the shared
 * pointwise kernel. */
#include "kernels/activation/activation.h"
#include "kernels/cuda/pointwise.h"

#define ROW(op, type, id)                                                         \
    {                                                                             \
        GD_ROW_CUDA(#op "_cuda_" #type, id, run_##op), .flags = GD_ROW_PITCH,     \
                                                       .fits = gdk_pointwise_fits \
    }
#define OPERATOR(op, function, value)                              \
    static gd_status run_##op(const gd_launch *l, gd_error *err) { \
        gdk_pointwise p = {.kind = function, .slope = value};      \
        return gdk_pointwise_run(l, &p, err);                      \
    }                                                              \
    extern const gd_kernel gdk_##op##_cuda_rows[];                 \
    const gd_kernel gdk_##op##_cuda_rows[] = {ROW(op, f32, GD_F32), ROW(op, f16, GD_F16), {0}};

OPERATOR(relu, GDK_POINTWISE_RELU, 0)
OPERATOR(leaky_relu, GDK_POINTWISE_LEAKY, ((const gd_leaky_relu *)l->attr)->slope)
OPERATOR(sigmoid, GDK_POINTWISE_SIGMOID, 0)
OPERATOR(silu, GDK_POINTWISE_SILU, 0)
OPERATOR(relu6, GDK_POINTWISE_RELU6, 0)
OPERATOR(hardsigmoid, GDK_POINTWISE_HARDSIGMOID, 0)
OPERATOR(hardswish, GDK_POINTWISE_HARDSWISH, 0)
OPERATOR(mish, GDK_POINTWISE_MISH, 0)
OPERATOR(gelu, ((const gd_gelu *)l->attr)->tanh ? GDK_POINTWISE_GELU_TANH : GDK_POINTWISE_GELU,
         0)

OPERATOR(relu_bwd, GDK_POINTWISE_RELU_BWD, 0)
OPERATOR(leaky_relu_bwd, GDK_POINTWISE_LEAKY_BWD, ((const gd_leaky_relu *)l->attr)->slope)
OPERATOR(sigmoid_bwd, GDK_POINTWISE_SIGMOID_BWD, 0)
OPERATOR(silu_bwd, GDK_POINTWISE_SILU_BWD, 0)
OPERATOR(relu6_bwd, GDK_POINTWISE_RELU6_BWD, 0)
OPERATOR(hardsigmoid_bwd, GDK_POINTWISE_HARDSIGMOID_BWD, 0)
OPERATOR(hardswish_bwd, GDK_POINTWISE_HARDSWISH_BWD, 0)
OPERATOR(mish_bwd, GDK_POINTWISE_MISH_BWD, 0)
OPERATOR(gelu_bwd,
         ((const gd_gelu *)l->attr)->tanh ? GDK_POINTWISE_GELU_TANH_BWD
                                          : GDK_POINTWISE_GELU_BWD,
         0)
