/* l2_norm_ref.c -- the definition of L2 normalisation over channels, and of its gradient. */
#include <tgmath.h>

#include "kernels/l2_norm/l2_norm.h"
#include "kernels/ref.h"

static gd_real length(const gd_real *x, int64_t C) {
    gd_real sum = 0;
    for (int64_t c = 0; c < C; c++) sum += x[c] * x[c];
    return sqrt(sum);
}

gd_status GD_REF(l2_norm)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_real  eps = (gd_real)((const gd_l2_norm *)l->attr)->eps;
    const int64_t  C = gd_tensor_channels(l->in[0]);
    const gd_real *weight = l->in[1]->data;
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *x = gd_pixel(l->in[0], p);
        gd_real       *y = gd_pixel_out(l->out[0], p), n = length(x, C);
        if (n < eps) n = eps;
        for (int64_t c = 0; c < C; c++) y[c] = weight[c] * (x[c] / n);
    }
    return GD_OK;
}

/* In: d_y, x, weight. With n the length, g = d_y weight: d_x = (g - x sum(g x) / n^2) / n, or
 * g / eps where eps took the place of n; d_weight = sum over pixels of d_y x / n. */
gd_status GD_REF(l2_norm_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_real  eps = (gd_real)((const gd_l2_norm *)l->attr)->eps;
    const int64_t  C = gd_tensor_channels(l->in[0]);
    const gd_real *weight = l->in[2]->data;
    gd_real       *d_weight = l->out[1]->data;
    for (int64_t c = 0; c < C; c++) d_weight[c] = 0;
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *d_y = gd_pixel(l->in[0], p), *x = gd_pixel(l->in[1], p);
        gd_real       *d_x = gd_pixel_out(l->out[0], p), n = length(x, C), dot = 0;
        const bool     small = n < eps;
        if (small) n = eps;
        for (int64_t c = 0; c < C; c++) dot += d_y[c] * weight[c] * x[c];
        if (small) dot = 0;
        for (int64_t c = 0; c < C; c++) {
            d_weight[c] += d_y[c] * x[c] / n;
            d_x[c] = (d_y[c] * weight[c] - x[c] * dot / (n * n)) / n;
        }
    }
    return GD_OK;
}
