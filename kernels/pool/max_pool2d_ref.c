/* max_pool2d_ref.c -- the definition of max pooling and of its gradient. */
#include "kernels/pool/pool.h"
#include "kernels/ref.h"

/* The element of x that wins window (p, q) of picture n in channel c: the first of equals; NaN
 * wins over numbers. */
static int64_t winner(const gd_max_pool2d *a, const gd_tensor *tx, int64_t n, int64_t p,
                      int64_t q, int64_t c) {
    const int64_t       H = tx->dim[1], W = tx->dim[2];
    const gd_real      *x = tx->data;
    const gdk_pool_span v = gdk_pool_span_at(p, H, a->size[0], a->stride[0], a->pad[0], false);
    const gdk_pool_span u = gdk_pool_span_at(q, W, a->size[1], a->stride[1], a->pad[1], false);
    int64_t             best = -1;
    for (int64_t h = v.first; h < v.end; h++)
        for (int64_t w = u.first; w < u.end; w++) {
            const int64_t i = ((n * H + h) * W + w) * tx->pitch + c;
            if (best < 0 || x[i] > x[best] || (isnan(x[i]) && !isnan(x[best]))) best = i;
        }
    return best;
}

gd_status GD_REF(max_pool2d)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *tx = l->in[0], *ty = l->out[0];
    const gd_real   *x = tx->data;
    gd_real         *y = ty->data;
    for (int64_t n = 0; n < ty->dim[0]; n++)
        for (int64_t p = 0; p < ty->dim[1]; p++)
            for (int64_t q = 0; q < ty->dim[2]; q++) {
                for (int64_t c = 0; c < ty->dim[3]; c++)
                    y[c] = x[winner(l->attr, tx, n, p, q, c)];
                y += ty->pitch;
            }
    return GD_OK;
}

gd_status GD_REF(max_pool2d_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *tdy = l->in[0], *tx = l->in[1], *tdx = l->out[0];
    const gd_real   *dy = tdy->data;
    gd_real         *dx = tdx->data;
    for (int64_t i = 0; i < gd_tensor_pixels(tdx); i++)
        for (int64_t c = 0; c < tdx->dim[3]; c++) dx[i * tdx->pitch + c] = 0;
    for (int64_t n = 0; n < tdy->dim[0]; n++)
        for (int64_t p = 0; p < tdy->dim[1]; p++)
            for (int64_t q = 0; q < tdy->dim[2]; q++) {
                for (int64_t c = 0; c < tdy->dim[3]; c++) {
                    const int64_t i = winner(l->attr, tx, n, p, q, c); /* in x's pitch */
                    dx[i / tx->pitch * tdx->pitch + c] += dy[c];
                }
                dy += tdy->pitch;
            }
    return GD_OK;
}
