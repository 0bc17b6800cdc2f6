/* sine_position_ref.c -- the definition of padding masks and of sines of positions. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/ref.h"
#include "kernels/resize/resize.h"
#include "kernels/sine_position/sine_position.h"

gd_status GD_REF(padding_mask)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_padding_mask *a = l->attr;
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++) {
        const gd_real *g = GD_AT(const gd_real, l->in[0], b);
        for (int y = 0; y < a->h; y++)
            for (int x = 0; x < a->w; x++) {
                const gd_real at_y = (gd_real)gdk_nearest(y, a->net_h, a->h) - g[GD_GEOM_TOP];
                const gd_real at_x = (gd_real)gdk_nearest(x, a->net_w, a->w) - g[GD_GEOM_LEFT];
                const bool    on = at_y >= 0 && at_y < g[GD_GEOM_NEW_H] && at_x >= 0 &&
                                at_x < g[GD_GEOM_NEW_W];
                GD_AT(gd_real, l->out[0], b * a->h + y)[x] = on ? 1 : 0;
            }
    }
    return GD_OK;
}

/* Pixels of column x (step down) or row y that are on: up to this one, and all. */
static gd_real along(const gd_tensor *mask, int64_t b, int64_t y, int64_t x, bool down) {
    const int64_t h = mask->dim[1], n = down ? h : mask->dim[2], here = down ? y : x;
    gd_real       part = 0, all = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = down ? i : y, column = down ? x : i;
        const bool    on = GD_AT(const gd_real, mask, b *h + at)[column] != 0;
        all += on;
        if (i <= here) part += on;
    }
    return part / (all + GD_REAL(1e-6));
}

gd_status GD_REF(sine_position)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_sine_position *a = l->attr;
    const int64_t           h = l->in[0]->dim[1], w = l->in[0]->dim[2], half = a->channels / 2;
    for (int64_t p = 0; p < l->in[0]->dim[0] * h * w; p++) {
        gd_real *o = GD_AT(gd_real, l->out[0], p);
        for (int part = 0; part < 2; part++) {
            const gd_real at = along(l->in[0], p / w / h, p / w % h, p % w, part == 0);
            for (int64_t c = 0; c < half; c++) {
                const gd_real power = GD_REAL(2 * (c / 2)) / GD_REAL(half);
                const gd_real v = at * GD_REAL(a->scale) / pow(GD_REAL(a->temperature), power);
                o[part * half + c] = c % 2 ? cos(v) : sin(v);
            }
        }
    }
    return GD_OK;
}
