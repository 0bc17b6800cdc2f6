/* activation_ref.c -- the definition of the pointwise activations and of their gradients.
 *
 * Each is one function of a number; `each` walks the tensors. Gradients read the output where
 * it tells enough (relu, relu6, sigmoid, hardsigmoid): then the input may die. */
#include <tgmath.h>

#include "kernels/activation/activation.h"
#include "kernels/ref.h"

typedef gd_real (*scalar_fn)(gd_real a, gd_real b, gd_real slope);

/* out[0] = f(in[0], in[1] or 0, slope), element by element; gelu has its form for a slope. */
static void each(const gd_launch *l, scalar_fn f, gd_real slope) {
    const int64_t C = gd_tensor_channels(l->in[0]);
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *a = gd_pixel(l->in[0], p);
        const gd_real *b = l->n_in > 1 ? gd_pixel(l->in[1], p) : NULL;
        gd_real       *y = gd_pixel_out(l->out[0], p);
        for (int64_t c = 0; c < C; c++) y[c] = f(a[c], b ? b[c] : 0, slope);
    }
}

#define SCALAR(name) static gd_real name(gd_real a, gd_real b, gd_real slope)
#define UNUSED(v) (void)(v)

SCALAR(relu) {
    UNUSED(b), UNUSED(slope);
    return a <= 0 ? 0 : a;
}
SCALAR(relu_bwd) { /* d_y, y */
    UNUSED(slope);
    return b > 0 ? a : 0;
}
SCALAR(leaky_relu) {
    UNUSED(b);
    return a > 0 ? a : a * slope;
}
SCALAR(leaky_relu_bwd) { /* d_y, x */
    return b > 0 ? a : a * slope;
}
SCALAR(sigmoid) {
    UNUSED(b), UNUSED(slope);
    return 1 / (1 + exp(-a));
}
SCALAR(sigmoid_bwd) { /* d_y, y */
    UNUSED(slope);
    return a * b * (1 - b);
}
SCALAR(silu) {
    UNUSED(b), UNUSED(slope);
    return a / (1 + exp(-a));
}
SCALAR(silu_bwd) { /* d_y, x; with s = sigmoid(x), y' = s + x s (1 - s) */
    UNUSED(slope);
    const gd_real s = 1 / (1 + exp(-b));
    return a * (s + b * s * (1 - s));
}
SCALAR(relu6) {
    UNUSED(b), UNUSED(slope);
    return a <= 0 ? 0 : a > 6 ? 6 : a;
}
SCALAR(relu6_bwd) { /* d_y, y */
    UNUSED(slope);
    return b > 0 && b < 6 ? a : 0;
}
SCALAR(hardsigmoid) { return relu6(a + 3, b, slope) / 6; }
SCALAR(hardsigmoid_bwd) { /* d_y, y */
    UNUSED(slope);
    return b > 0 && b < 1 ? a / 6 : 0;
}
SCALAR(hardswish) { return a * relu6(a + 3, b, slope) / 6; }
SCALAR(hardswish_bwd) { /* d_y, x */
    UNUSED(slope);
    return b < -3 ? 0 : b > 3 ? a : a * (b / 3 + GD_REAL(0.5));
}
SCALAR(mish) {
    UNUSED(b), UNUSED(slope);
    return a * tanh(a > 20 ? a : log1p(exp(a)));
}
SCALAR(mish_bwd) { /* d_y, x; with t = tanh(log(1 + exp(x))), y' = t + x (1 - t^2) sigmoid(x) */
    const gd_real t = tanh(b > 20 ? b : log1p(exp(b)));
    return a * (t + b * (1 - t * t) * sigmoid(b, 0, slope));
}

/* 0.5 (1 + erf(x / sqrt 2)), or sqrt(2 / pi) (x + 0.044715 x^3) */
static gd_real normal_below(gd_real x) {
    return (1 + erf(x * GD_REAL(0.70710678118654752440))) / 2;
}
static gd_real tanh_argument(gd_real x) {
    return GD_REAL(0.79788456080286535588) * (x + GD_REAL(0.044715) * x * x * x);
}
SCALAR(gelu) {
    UNUSED(b);
    return slope != 0 ? a * (1 + tanh(tanh_argument(a))) / 2 : a * normal_below(a);
}
SCALAR(gelu_bwd) { /* d_y, x */
    if (slope != 0) {
        const gd_real t = tanh(tanh_argument(b));
        const gd_real d = GD_REAL(0.79788456080286535588) * (1 + GD_REAL(0.134145) * b * b);
        return a * ((1 + t) / 2 + b * (1 - t * t) * d / 2);
    }
    return a * (normal_below(b) + b * exp(-b * b / 2) * GD_REAL(0.39894228040143267794));
}

#define OPERATOR(name, slope)                                   \
    gd_status GD_REF(name)(const gd_launch *l, gd_error *err) { \
        UNUSED(err);                                            \
        each(l, name, slope);                                   \
        return GD_OK;                                           \
    }
#define SLOPE (gd_real)((const gd_leaky_relu *)l->attr)->slope
#define FORM (gd_real)((const gd_gelu *)l->attr)->tanh

OPERATOR(relu, 0)
OPERATOR(relu_bwd, 0)
OPERATOR(leaky_relu, SLOPE)
OPERATOR(leaky_relu_bwd, SLOPE)
OPERATOR(sigmoid, 0)
OPERATOR(sigmoid_bwd, 0)
OPERATOR(silu, 0)
OPERATOR(silu_bwd, 0)
OPERATOR(relu6, 0)
OPERATOR(relu6_bwd, 0)
OPERATOR(hardsigmoid, 0)
OPERATOR(hardsigmoid_bwd, 0)
OPERATOR(hardswish, 0)
OPERATOR(hardswish_bwd, 0)
OPERATOR(mish, 0)
OPERATOR(mish_bwd, 0)
OPERATOR(gelu, FORM)
OPERATOR(gelu_bwd, FORM)
