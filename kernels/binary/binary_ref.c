/* binary_ref.c -- the definition of add and mul. */
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
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *a = gd_pixel(l->in[0], p), *b = gd_pixel(l->in[1], p);
        gd_real       *y = gd_pixel_out(l->out[0], p);
        for (int64_t c = 0; c < C; c++) y[c] = a[c] * b[c];
    }
    return GD_OK;
}
