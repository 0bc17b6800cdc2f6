/* cast_ref.c -- the definition of the change of floating-point type. */
#include "engine/half.h"
#include "kernels/cast/cast.h"
#include "kernels/ref.h"

gd_status GD_REF(cast)(const gd_launch *l, gd_error *err) {
    (void)err;
    const bool    half = ((const gd_cast *)l->attr)->to == GD_F16;
    const int64_t C = gd_tensor_channels(l->in[0]);
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *x = gd_pixel(l->in[0], p);
        for (int64_t c = 0; c < C; c++) {
            const uint16_t h = gd_half_from_float((float)x[c]);
            if (l->out[0]->dtype == GD_F16)
                ((uint16_t *)l->out[0]->data)[p * l->out[0]->pitch + c] = h;
            else
                gd_pixel_out(l->out[0], p)[c] = half ? (gd_real)gd_half_to_float(h) : x[c];
        }
    }
    return GD_OK;
}
