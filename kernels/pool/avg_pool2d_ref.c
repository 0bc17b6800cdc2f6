/* avg_pool2d_ref.c -- average pooling, plain and adaptive, and its gradients, defined. */
#include "kernels/pool/pool.h"
#include "kernels/ref.h"

/* y[c] = mean of x over the window v x u of picture n. */
static void average(const gd_tensor *tx, int64_t n, gdk_pool_span v, gdk_pool_span u,
                    gd_real *y) {
    for (int64_t c = 0; c < tx->dim[3]; c++) {
        const gd_real *x = (const gd_real *)tx->data + c;
        gd_real        sum = 0;
        for (int64_t h = v.first; h < v.end; h++)
            for (int64_t w = u.first; w < u.end; w++)
                sum += x[((n * tx->dim[1] + h) * tx->dim[2] + w) * tx->pitch];
        y[c] = sum / (gd_real)(v.count * u.count);
    }
}

/* The transpose: spreads dy[c] evenly over the window. */
static void spread(const gd_tensor *tdx, int64_t n, gdk_pool_span v, gdk_pool_span u,
                   const gd_real *dy) {
    for (int64_t c = 0; c < tdx->dim[3]; c++) {
        gd_real *dx = (gd_real *)tdx->data + c;
        for (int64_t h = v.first; h < v.end; h++)
            for (int64_t w = u.first; w < u.end; w++)
                dx[((n * tdx->dim[1] + h) * tdx->dim[2] + w) * tdx->pitch] +=
                    dy[c] / (gd_real)(v.count * u.count);
    }
}

static void clear(const gd_tensor *t) {
    gd_real *p = t->data;
    for (int64_t i = 0; i < gd_tensor_pixels(t); i++)
        for (int64_t c = 0; c < t->dim[3]; c++) p[i * t->pitch + c] = 0;
}

static gdk_pool_span span(const gd_avg_pool2d *a, int axis, int64_t o, int64_t in) {
    return gdk_pool_span_at(o, in, a->size[axis], a->stride[axis], a->pad[axis],
                            a->count_include_pad != 0);
}

gd_status GD_REF(avg_pool2d)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *tx = l->in[0], *ty = l->out[0];
    gd_real         *y = ty->data;
    for (int64_t n = 0; n < ty->dim[0]; n++)
        for (int64_t p = 0; p < ty->dim[1]; p++)
            for (int64_t q = 0; q < ty->dim[2]; q++, y += ty->pitch)
                average(tx, n, span(l->attr, 0, p, tx->dim[1]), span(l->attr, 1, q, tx->dim[2]),
                        y);
    return GD_OK;
}

gd_status GD_REF(avg_pool2d_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *tdy = l->in[0], *tdx = l->out[0];
    const gd_real   *dy = tdy->data;
    clear(tdx);
    for (int64_t n = 0; n < tdy->dim[0]; n++)
        for (int64_t p = 0; p < tdy->dim[1]; p++)
            for (int64_t q = 0; q < tdy->dim[2]; q++, dy += tdy->pitch)
                spread(tdx, n, span(l->attr, 0, p, tdx->dim[1]),
                       span(l->attr, 1, q, tdx->dim[2]), dy);
    return GD_OK;
}

gd_status GD_REF(adaptive_avg_pool2d)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *tx = l->in[0], *ty = l->out[0];
    gd_real         *y = ty->data;
    for (int64_t n = 0; n < ty->dim[0]; n++)
        for (int64_t p = 0; p < ty->dim[1]; p++)
            for (int64_t q = 0; q < ty->dim[2]; q++, y += ty->pitch)
                average(tx, n, gdk_pool_span_adaptive(p, tx->dim[1], ty->dim[1]),
                        gdk_pool_span_adaptive(q, tx->dim[2], ty->dim[2]), y);
    return GD_OK;
}

gd_status GD_REF(adaptive_avg_pool2d_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *tdy = l->in[0], *tdx = l->out[0];
    const gd_real   *dy = tdy->data;
    clear(tdx);
    for (int64_t n = 0; n < tdy->dim[0]; n++)
        for (int64_t p = 0; p < tdy->dim[1]; p++)
            for (int64_t q = 0; q < tdy->dim[2]; q++, dy += tdy->pitch)
                spread(tdx, n, gdk_pool_span_adaptive(p, tdx->dim[1], tdy->dim[1]),
                       gdk_pool_span_adaptive(q, tdx->dim[2], tdy->dim[2]), dy);
    return GD_OK;
}
