/* linear_ref.c -- the definition of linear, of its gradients and of sum_pixels. */
#include "kernels/linear/linear.h"

#include "kernels/ref.h"

gd_status GD_REF(linear)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *tx = l->in[0], *tw = l->in[1], *ty = l->out[0];
    const gd_real   *x = tx->data, *w = tw->data, *bias = l->in[2] ? l->in[2]->data : NULL;
    gd_real         *y = ty->data;
    for (int64_t i = 0; i < gd_tensor_pixels(tx); i++)
        for (int64_t k = 0; k < tw->dim[0]; k++) {
            gd_real sum = bias ? bias[k] : 0;
            for (int64_t c = 0; c < tw->dim[1]; c++)
                sum += x[i * tx->pitch + c] * w[k * tw->pitch + c];
            y[i * ty->pitch + k] = sum;
        }
    return GD_OK;
}

/* dx[i, c] = sum over k of dy[i, k] * w[k, c] */
gd_status GD_REF(linear_bwd_data)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *tdy = l->in[0], *tw = l->in[1], *tdx = l->out[0];
    const gd_real   *dy = tdy->data, *w = tw->data;
    gd_real         *dx = tdx->data;
    for (int64_t i = 0; i < gd_tensor_pixels(tdy); i++)
        for (int64_t c = 0; c < tw->dim[1]; c++) {
            gd_real sum = 0;
            for (int64_t k = 0; k < tw->dim[0]; k++)
                sum += dy[i * tdy->pitch + k] * w[k * tw->pitch + c];
            dx[i * tdx->pitch + c] = sum;
        }
    return GD_OK;
}

/* dw[k, c] = sum over i of dy[i, k] * x[i, c] */
gd_status GD_REF(linear_bwd_weight)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *tdy = l->in[0], *tx = l->in[1], *tdw = l->out[0];
    const gd_real   *dy = tdy->data, *x = tx->data;
    gd_real         *dw = tdw->data;
    for (int64_t k = 0; k < tdw->dim[0]; k++)
        for (int64_t c = 0; c < tdw->dim[1]; c++) {
            gd_real sum = 0;
            for (int64_t i = 0; i < gd_tensor_pixels(tx); i++)
                sum += dy[i * tdy->pitch + k] * x[i * tx->pitch + c];
            dw[k * tdw->pitch + c] = sum;
        }
    return GD_OK;
}

gd_status GD_REF(sum_pixels)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *tx = l->in[0];
    const gd_real   *x = tx->data;
    gd_real         *y = l->out[0]->data;
    for (int64_t c = 0; c < gd_tensor_channels(tx); c++) {
        gd_real sum = 0;
        for (int64_t i = 0; i < gd_tensor_pixels(tx); i++) sum += x[i * tx->pitch + c];
        y[c] = sum;
    }
    return GD_OK;
}
