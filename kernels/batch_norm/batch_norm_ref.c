/* batch_norm_ref.c -- the definition of batch norm in both modes, and of the gradients. */
#include <tgmath.h>

#include "kernels/batch_norm/batch_norm.h"
#include "kernels/ref.h"

/* Element c of a [C] tensor. */
static gd_real at(const gd_tensor *t, int64_t c) { return ((const gd_real *)t->data)[c]; }
static void    put(gd_tensor *t, int64_t c, gd_real v) { ((gd_real *)t->data)[c] = v; }

gd_status GD_REF(batch_norm)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_real eps = (gd_real)((const gd_batch_norm *)l->attr)->eps;
    const int64_t C = gd_tensor_channels(l->in[0]), P = gd_tensor_pixels(l->in[0]);
    for (int64_t p = 0; p < P; p++) {
        const gd_real *x = gd_pixel(l->in[0], p);
        gd_real       *y = gd_pixel_out(l->out[0], p);
        for (int64_t c = 0; c < C; c++) {
            const gd_real scale = at(l->in[1], c) / sqrt(at(l->in[4], c) + eps);
            y[c] = (x[c] - at(l->in[3], c)) * scale + at(l->in[2], c);
        }
    }
    return GD_OK;
}

/* In: d_y, x, gamma, mean, var. Out: d_x, d_gamma, d_beta. */
gd_status GD_REF(batch_norm_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_real eps = (gd_real)((const gd_batch_norm *)l->attr)->eps;
    const int64_t C = gd_tensor_channels(l->in[0]), P = gd_tensor_pixels(l->in[0]);
    for (int64_t c = 0; c < C; c++) {
        const gd_real invstd = 1 / sqrt(at(l->in[4], c) + eps), mean = at(l->in[3], c);
        gd_real       d_gamma = 0, d_beta = 0;
        for (int64_t p = 0; p < P; p++) {
            const gd_real d_y = gd_pixel(l->in[0], p)[c], x = gd_pixel(l->in[1], p)[c];
            gd_pixel_out(l->out[0], p)[c] = d_y * at(l->in[2], c) * invstd;
            d_gamma += d_y * (x - mean) * invstd;
            d_beta += d_y;
        }
        put(l->out[1], c, d_gamma);
        put(l->out[2], c, d_beta);
    }
    return GD_OK;
}

gd_status GD_REF(batch_norm_train)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_batch_norm_train *a = l->attr;
    const gd_real              eps = (gd_real)a->eps, mom = (gd_real)a->momentum;
    const int64_t              C = gd_tensor_channels(l->in[0]), P = gd_tensor_pixels(l->in[0]);
    for (int64_t c = 0; c < C; c++) {
        gd_real mean = 0, var = 0;
        for (int64_t p = 0; p < P; p++) mean += gd_pixel(l->in[0], p)[c];
        mean /= (gd_real)P;
        for (int64_t p = 0; p < P; p++) {
            const gd_real d = gd_pixel(l->in[0], p)[c] - mean;
            var += d * d;
        }
        const gd_real unbiased = var / (gd_real)(P - 1),
                      invstd = 1 / sqrt(var / (gd_real)P + eps);
        for (int64_t p = 0; p < P; p++)
            gd_pixel_out(l->out[0], p)[c] =
                (gd_pixel(l->in[0], p)[c] - mean) * (invstd * at(l->in[1], c)) +
                at(l->in[2], c);
        put(l->out[1], c, mean);
        put(l->out[2], c, invstd);
        put(l->out[3], c, (1 - mom) * at(l->in[3], c) + mom * mean);
        put(l->out[4], c, (1 - mom) * at(l->in[4], c) + mom * unbiased);
    }
    return GD_OK;
}

/* In: d_y, x, gamma, batch mean, invstd. Out: d_x, d_gamma, d_beta. With h = (x - mean) invstd:
 * d_x = gamma invstd (d_y - mean(d_y) - h mean(d_y h)). */
gd_status GD_REF(batch_norm_train_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = gd_tensor_channels(l->in[0]), P = gd_tensor_pixels(l->in[0]);
    for (int64_t c = 0; c < C; c++) {
        const gd_real mean = at(l->in[3], c), invstd = at(l->in[4], c);
        gd_real       d_gamma = 0, d_beta = 0;
        for (int64_t p = 0; p < P; p++) {
            const gd_real d_y = gd_pixel(l->in[0], p)[c];
            d_gamma += d_y * (gd_pixel(l->in[1], p)[c] - mean) * invstd;
            d_beta += d_y;
        }
        for (int64_t p = 0; p < P; p++) {
            const gd_real h = (gd_pixel(l->in[1], p)[c] - mean) * invstd;
            gd_pixel_out(l->out[0], p)[c] =
                at(l->in[2], c) * invstd *
                (gd_pixel(l->in[0], p)[c] - (d_beta + h * d_gamma) / (gd_real)P);
        }
        put(l->out[1], c, d_gamma);
        put(l->out[2], c, d_beta);
    }
    return GD_OK;
}
