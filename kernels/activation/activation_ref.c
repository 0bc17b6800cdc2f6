/* activation_ref.c -- the definition of the pointwise activations and of their gradients.
 *
 * Gradients read the output where it tells enough (relu, sigmoid): then the input may die. */
#include "kernels/activation/activation.h"
#include "kernels/ref.h"

gd_status GD_REF(relu)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = gd_tensor_channels(l->in[0]);
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *x = gd_pixel(l->in[0], p);
        gd_real       *y = gd_pixel_out(l->out[0], p);
        for (int64_t c = 0; c < C; c++) y[c] = x[c] <= 0 ? 0 : x[c];
    }
    return GD_OK;
}

/* In: d_y, y. */
gd_status GD_REF(relu_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = gd_tensor_channels(l->in[0]);
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *d_y = gd_pixel(l->in[0], p), *y = gd_pixel(l->in[1], p);
        gd_real       *d_x = gd_pixel_out(l->out[0], p);
        for (int64_t c = 0; c < C; c++) d_x[c] = y[c] > 0 ? d_y[c] : 0;
    }
    return GD_OK;
}
