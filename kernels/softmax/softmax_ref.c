/* softmax_ref.c -- the definition of softmax over the last axis, and of its gradient. */
#include <tgmath.h>

#include "kernels/ref.h"
#include "kernels/softmax/softmax.h"

gd_status GD_REF(softmax)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = gd_tensor_channels(l->in[0]);
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *x = gd_pixel(l->in[0], p);
        gd_real       *y = gd_pixel_out(l->out[0], p);
        gd_real        top = -INFINITY, sum = 0;
        for (int64_t c = 0; c < C; c++) top = x[c] > top ? x[c] : top;
        for (int64_t c = 0; c < C; c++) sum += y[c] = exp(x[c] - top);
        for (int64_t c = 0; c < C; c++) y[c] /= sum;
    }
    return GD_OK;
}

/* In: d_y, y. d_x = y (d_y - sum(d_y y)). */
gd_status GD_REF(softmax_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = gd_tensor_channels(l->in[0]);
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *d_y = gd_pixel(l->in[0], p), *y = gd_pixel(l->in[1], p);
        gd_real       *d_x = gd_pixel_out(l->out[0], p), dot = 0;
        for (int64_t c = 0; c < C; c++) dot += d_y[c] * y[c];
        for (int64_t c = 0; c < C; c++) d_x[c] = y[c] * (d_y[c] - dot);
    }
    return GD_OK;
}
