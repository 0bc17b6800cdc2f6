/* activation_ref.c -- the definition of the pointwise activations and of their gradients.
 *
 * Each is one function of a number; `each` walks the tensors. Gradients read the output where
 * it tells enough (relu, sigmoid): then the input may die. */
#include <tgmath.h>

#include "kernels/activation/activation.h"
#include "kernels/ref.h"

typedef gd_real (*scalar_fn)(gd_real a, gd_real b, gd_real slope);

/* out[0] = f(in[0], in[1] or 0, slope), element by element. */
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

#define OPERATOR(name, slope)                                   \
    gd_status GD_REF(name)(const gd_launch *l, gd_error *err) { \
        UNUSED(err);                                            \
        each(l, name, slope);                                   \
        return GD_OK;                                           \
    }
#define SLOPE (gd_real)((const gd_leaky_relu *)l->attr)->slope

OPERATOR(relu, 0)
OPERATOR(relu_bwd, 0)
OPERATOR(leaky_relu, SLOPE)
OPERATOR(leaky_relu_bwd, SLOPE)
OPERATOR(sigmoid, 0)
OPERATOR(sigmoid_bwd, 0)
OPERATOR(silu, 0)
OPERATOR(silu_bwd, 0)
