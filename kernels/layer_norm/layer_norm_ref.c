/* layer_norm_ref.c -- the definition of layer norm, and of its gradient. */
#include <tgmath.h>

#include "kernels/layer_norm/layer_norm.h"
#include "kernels/ref.h"

typedef struct moments {
    gd_real mean, invstd;
} moments;

static moments moments_of(const gd_real *x, int64_t C, const void *attr) {
    gd_real mean = 0, var = 0;
    for (int64_t c = 0; c < C; c++) mean += x[c];
    mean /= (gd_real)C;
    for (int64_t c = 0; c < C; c++) var += (x[c] - mean) * (x[c] - mean);
    return (moments){mean,
                     1 / sqrt(var / (gd_real)C + (gd_real)((const gd_layer_norm *)attr)->eps)};
}

gd_status GD_REF(layer_norm)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t  C = gd_tensor_channels(l->in[0]);
    const gd_real *gamma = l->in[1]->data, *beta = l->in[2]->data;
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *x = gd_pixel(l->in[0], p);
        gd_real       *y = gd_pixel_out(l->out[0], p);
        const moments  m = moments_of(x, C, l->attr);
        for (int64_t c = 0; c < C; c++) y[c] = (x[c] - m.mean) * m.invstd * gamma[c] + beta[c];
    }
    return GD_OK;
}

/* In: d_y, x, gamma. With h = (x - mean) invstd and g = d_y gamma:
 * d_x = invstd (g - mean(g) - h mean(g h)). */
gd_status GD_REF(layer_norm_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t  C = gd_tensor_channels(l->in[0]);
    const gd_real *gamma = l->in[2]->data;
    gd_real       *d_gamma = l->out[1]->data, *d_beta = l->out[2]->data;
    for (int64_t c = 0; c < C; c++) d_gamma[c] = d_beta[c] = 0;
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *d_y = gd_pixel(l->in[0], p), *x = gd_pixel(l->in[1], p);
        gd_real       *d_x = gd_pixel_out(l->out[0], p), sum_g = 0, sum_gh = 0;
        const moments  m = moments_of(x, C, l->attr);
        for (int64_t c = 0; c < C; c++) {
            const gd_real h = (x[c] - m.mean) * m.invstd, g = d_y[c] * gamma[c];
            sum_g += g;
            sum_gh += g * h;
            d_gamma[c] += d_y[c] * h;
            d_beta[c] += d_y[c];
        }
        for (int64_t c = 0; c < C; c++) {
            const gd_real h = (x[c] - m.mean) * m.invstd;
            d_x[c] = m.invstd * (d_y[c] * gamma[c] - (sum_g + h * sum_gh) / (gd_real)C);
        }
    }
    return GD_OK;
}
