/* affine_ref.c -- the definition of affine, and of its gradient. */
#include "kernels/affine/affine.h"
#include "kernels/ref.h"

gd_status GD_REF(affine)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t  C = gd_tensor_channels(l->in[0]);
    const gd_real *scale = l->in[1]->data, *shift = l->in[2]->data;
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *x = gd_pixel(l->in[0], p);
        gd_real       *y = gd_pixel_out(l->out[0], p);
        for (int64_t c = 0; c < C; c++) y[c] = x[c] * scale[c] + shift[c];
    }
    return GD_OK;
}

/* In: d_y, x, scale. Out: d_x, d_scale, d_shift. */
gd_status GD_REF(affine_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t  C = gd_tensor_channels(l->in[0]), P = gd_tensor_pixels(l->in[0]);
    const gd_real *scale = l->in[2]->data;
    gd_real       *d_scale = l->out[1]->data, *d_shift = l->out[2]->data;
    for (int64_t c = 0; c < C; c++) {
        d_scale[c] = d_shift[c] = 0;
        for (int64_t p = 0; p < P; p++) {
            const gd_real d_y = gd_pixel(l->in[0], p)[c];
            gd_pixel_out(l->out[0], p)[c] = d_y * scale[c];
            d_scale[c] += d_y * gd_pixel(l->in[1], p)[c];
            d_shift[c] += d_y;
        }
    }
    return GD_OK;
}
