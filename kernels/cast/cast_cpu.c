/* cast_cpu.c -- the change of floating-point type, dealt out to the thread pool.
 *
 * Serves both types of input; each pixel goes through one plain loop that the compiler can
 * vectorise. Bound by memory on enough threads. */
#include <string.h>

#include "engine/half.h"
#include "kernels/arg.h"
#include "kernels/cast/cast.h"
#include "kernels/cpu/spread.h"

static void cast_pixels(void *ctx, int64_t first, int64_t last) {
    const gd_launch *l = ctx;
    const gd_tensor *x = l->in[0], *y = l->out[0];
    const int64_t    C = gd_tensor_channels(x);
    for (int64_t p = first; p < last; p++) {
        if (x->dtype == y->dtype) {
            const size_t size = gd_dtype_size(x->dtype);
            memcpy(GD_AT(char, y, 0) + (size_t)(p * y->pitch) * size,
                   GD_AT(const char, x, 0) + (size_t)(p * x->pitch) * size, (size_t)C * size);
        } else if (x->dtype == GD_F32) {
            const float *from = GD_AT(const float, x, p);
            uint16_t    *to = GD_AT(uint16_t, y, p);
            for (int64_t c = 0; c < C; c++) to[c] = gd_half_from_float(from[c]);
        } else {
            const uint16_t *from = GD_AT(const uint16_t, x, p);
            float          *to = GD_AT(float, y, p);
            for (int64_t c = 0; c < C; c++) to[c] = gd_half_to_float(from[c]);
        }
    }
}

gd_status gdk_cast_cpu(const gd_launch *l, gd_error *err) {
    (void)err;
    gd_launch copy = *l;
    gdk_spread_pixels(gd_tensor_pixels(l->in[0]),
                      (size_t)gd_tensor_channels(l->in[0]) *
                          (gd_dtype_size(l->in[0]->dtype) + gd_dtype_size(l->out[0]->dtype)),
                      cast_pixels, &copy);
    return GD_OK;
}
