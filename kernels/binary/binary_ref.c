/* binary_ref.c -- the definition of add and mul, and of the gradient of a gate. */
#include "kernels/binary/binary.h"
#include "kernels/ref.h"

gd_status GD_REF(add)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = gd_tensor_channels(l->in[0]);
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *a = gd_pixel(l->in[0], p), *b = gd_pixel(l->in[1], p);
        gd_real       *y = gd_pixel_out(l->out[0], p);
        for (int64_t c = 0; c < C; c++) y[c] = a[c] + b[c];
    }
    return GD_OK;
}

gd_status GD_REF(mul)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = gd_tensor_channels(l->in[0]);
    const int64_t gates = gd_tensor_pixels(l->in[1]);
    const int64_t share = gates ? gd_tensor_pixels(l->in[0]) / gates : 1;
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *a = gd_pixel(l->in[0], p), *b = gd_pixel(l->in[1], p / share);
        gd_real       *y = gd_pixel_out(l->out[0], p);
        for (int64_t c = 0; c < C; c++) y[c] = a[c] * b[c];
    }
    return GD_OK;
}

/* In: d_y, x. */
gd_status GD_REF(mul_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = gd_tensor_channels(l->in[0]), N = l->in[0]->dim[0];
    const int64_t share = N ? gd_tensor_pixels(l->in[0]) / N : 0;
    for (int64_t n = 0; n < N; n++) {
        gd_real *d_s = gd_pixel_out(l->out[0], n);
        for (int64_t c = 0; c < C; c++) d_s[c] = 0;
        for (int64_t p = n * share; p < (n + 1) * share; p++)
            for (int64_t c = 0; c < C; c++)
                d_s[c] += gd_pixel(l->in[0], p)[c] * gd_pixel(l->in[1], p)[c];
    }
    return GD_OK;
}
