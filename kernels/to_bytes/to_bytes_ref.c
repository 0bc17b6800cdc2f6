/* to_bytes_ref.c -- the way from values to pixels, defined. */
#include "kernels/arg.h"
#include "kernels/ref.h"
#include "kernels/to_bytes/to_bytes.h"

static uint8_t byte_of(gd_real v) {
    if (!(v > 0)) return 0;
    return v < 255 ? (uint8_t)rint((double)v) : 255;
}

gd_status GD_REF(to_bytes)(const gd_launch *l, gd_error *err) {
    (void)err;
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++)
        for (int64_t c = 0; c < gd_tensor_channels(l->in[0]); c++)
            GD_AT(uint8_t, l->out[0], p)[c] = byte_of(gd_pixel(l->in[0], p)[c]);
    return GD_OK;
}
