/* channel_scale_ref.c -- the definition of channel_scale, and of its gradient. */
#include "kernels/channel_scale/channel_scale.h"
#include "kernels/ref.h"

gd_status GD_REF(channel_scale)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = l->in[0]->dim[3], plane = l->in[0]->dim[1] * l->in[0]->dim[2];
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *x = gd_pixel(l->in[0], p), *s = gd_pixel(l->in[1], p / plane);
        gd_real       *y = gd_pixel_out(l->out[0], p);
        for (int64_t c = 0; c < C; c++) y[c] = x[c] * s[c];
    }
    return GD_OK;
}

/* In: d_y, x, s. d_x = d_y s; d_s = sum of d_y x over the picture. */
gd_status GD_REF(channel_scale_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = l->in[0]->dim[3], plane = l->in[0]->dim[1] * l->in[0]->dim[2];
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++) {
        const gd_real *s = gd_pixel(l->in[2], b);
        gd_real       *d_s = gd_pixel_out(l->out[1], b);
        for (int64_t c = 0; c < C; c++) d_s[c] = 0;
        for (int64_t p = b * plane; p < (b + 1) * plane; p++) {
            const gd_real *d_y = gd_pixel(l->in[0], p), *x = gd_pixel(l->in[1], p);
            gd_real       *d_x = gd_pixel_out(l->out[0], p);
            for (int64_t c = 0; c < C; c++) {
                d_s[c] += d_y[c] * x[c];
                d_x[c] = d_y[c] * s[c];
            }
        }
    }
    return GD_OK;
}
