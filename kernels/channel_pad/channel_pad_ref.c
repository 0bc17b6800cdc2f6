/* channel_pad_ref.c -- the definition of channel padding. */
#include "kernels/channel_pad/channel_pad.h"
#include "kernels/ref.h"

gd_status GD_REF(channel_pad)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_channel_pad *a = l->attr;
    const int64_t         C = gd_tensor_channels(l->in[0]), K = gd_tensor_channels(l->out[0]);
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *x = gd_pixel(l->in[0], p);
        gd_real       *y = gd_pixel_out(l->out[0], p);
        for (int64_t k = 0; k < K; k++)
            y[k] = k >= a->before && k < a->before + C ? x[k - a->before] : 0;
    }
    return GD_OK;
}
