/* conv2d_ref.c -- the definition of convolution and of its two gradients. */
#include "kernels/conv2d/conv2d.h"

#include "kernels/ref.h"
#include "kernels/window.h"

/* One output pixel and the part of the filter that lies on the input. */
typedef struct spot {
    int64_t n, h0, w0;      /* picture and the input pixel under tap (0, 0) */
    int64_t r0, r1, s0, s1; /* taps inside: r0 <= r < r1, s0 <= s < s1 */
} spot;

static spot spot_at(const gd_conv2d *a, int64_t H, int64_t W, int64_t R, int64_t S, int64_t n,
                    int64_t p, int64_t q) {
    spot t = {.n = n, .h0 = p * a->stride[0] - a->pad[0], .w0 = q * a->stride[1] - a->pad[1]};
    gdk_window_taps(t.h0, H, R, a->dilation[0], &t.r0, &t.r1);
    gdk_window_taps(t.w0, W, S, a->dilation[1], &t.s0, &t.s1);
    return t;
}

/* Elements from the start of an [N,H,W,C] tensor to the pixel under tap (r, s). */
static int64_t tap_offset(const spot *t, const gd_conv2d *a, const gd_tensor *x, int64_t r,
                          int64_t s) {
    const int64_t h = t->h0 + r * a->dilation[0], w = t->w0 + s * a->dilation[1];
    return ((t->n * x->dim[1] + h) * x->dim[2] + w) * x->pitch;
}

static gd_real conv_at(const spot *t, const gd_conv2d *a, const gd_tensor *tx,
                       const gd_tensor *tw, int64_t k, gd_real sum) {
    const int64_t R = tw->dim[1], S = tw->dim[2], C = tw->dim[3];
    const int64_t c0 = k / (tw->dim[0] / a->groups) * C;
    for (int64_t r = t->r0; r < t->r1; r++)
        for (int64_t s = t->s0; s < t->s1; s++) {
            const gd_real *x = (const gd_real *)tx->data + tap_offset(t, a, tx, r, s) + c0;
            const gd_real *w = (const gd_real *)tw->data + ((k * R + r) * S + s) * tw->pitch;
            for (int64_t c = 0; c < C; c++) sum += x[c] * w[c];
        }
    return sum;
}

gd_status GD_REF(conv2d)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_conv2d *a = l->attr;
    const gd_tensor *tx = l->in[0], *tw = l->in[1], *ty = l->out[0];
    const gd_real   *bias = l->in[2] ? l->in[2]->data : NULL;
    gd_real         *y = ty->data;
    for (int64_t n = 0; n < ty->dim[0]; n++)
        for (int64_t p = 0; p < ty->dim[1]; p++)
            for (int64_t q = 0; q < ty->dim[2]; q++) {
                const spot t =
                    spot_at(a, tx->dim[1], tx->dim[2], tw->dim[1], tw->dim[2], n, p, q);
                for (int64_t k = 0; k < ty->dim[3]; k++)
                    y[k] = conv_at(&t, a, tx, tw, k, bias ? bias[k] : 0);
                y += ty->pitch;
            }
    return GD_OK;
}

/* dx[c] += dy[k] * w[k, r, s, c] at the pixel under each tap of one output pixel. */
static void data_at(const spot *t, const gd_conv2d *a, const gd_tensor *tw, const gd_real *dy,
                    const gd_tensor *tdx) {
    const int64_t K = tw->dim[0], R = tw->dim[1], S = tw->dim[2], C = tw->dim[3];
    for (int64_t k = 0; k < K; k++)
        for (int64_t r = t->r0; r < t->r1; r++)
            for (int64_t s = t->s0; s < t->s1; s++) {
                gd_real *dx = (gd_real *)tdx->data + tap_offset(t, a, tdx, r, s) +
                              k / (K / a->groups) * C;
                const gd_real *w =
                    (const gd_real *)tw->data + ((k * R + r) * S + s) * tw->pitch;
                for (int64_t c = 0; c < C; c++) dx[c] += dy[k] * w[c];
            }
}

gd_status GD_REF(conv2d_bwd_data)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_conv2d *a = l->attr; /* the first member of gd_conv2d_bwd_data */
    const gd_tensor *tdy = l->in[0], *tw = l->in[1], *tdx = l->out[0];
    const gd_real   *dy = tdy->data;
    gd_real         *dx = tdx->data;
    for (int64_t i = 0; i < gd_tensor_pixels(tdx); i++)
        for (int64_t c = 0; c < tdx->dim[3]; c++) dx[i * tdx->pitch + c] = 0;
    for (int64_t n = 0; n < tdy->dim[0]; n++)
        for (int64_t p = 0; p < tdy->dim[1]; p++)
            for (int64_t q = 0; q < tdy->dim[2]; q++) {
                const spot t =
                    spot_at(a, tdx->dim[1], tdx->dim[2], tw->dim[1], tw->dim[2], n, p, q);
                data_at(&t, a, tw, dy, tdx);
                dy += tdy->pitch;
            }
    return GD_OK;
}

/* dw[k, r, s, c] += dy[k] * x[c] under each tap of one output pixel. */
static void weight_at(const spot *t, const gd_conv2d *a, const gd_tensor *tx, const gd_real *dy,
                      const gd_tensor *tdw) {
    const int64_t K = tdw->dim[0], R = tdw->dim[1], S = tdw->dim[2], C = tdw->dim[3];
    for (int64_t k = 0; k < K; k++)
        for (int64_t r = t->r0; r < t->r1; r++)
            for (int64_t s = t->s0; s < t->s1; s++) {
                const gd_real *x = (const gd_real *)tx->data + tap_offset(t, a, tx, r, s) +
                                   k / (K / a->groups) * C;
                gd_real *dw = (gd_real *)tdw->data + ((k * R + r) * S + s) * tdw->pitch;
                for (int64_t c = 0; c < C; c++) dw[c] += dy[k] * x[c];
            }
}

gd_status GD_REF(conv2d_bwd_weight)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_conv2d *a = l->attr; /* the first member of gd_conv2d_bwd_weight */
    const gd_tensor *tdy = l->in[0], *tx = l->in[1], *tdw = l->out[0];
    const gd_real   *dy = tdy->data;
    gd_real         *dw = tdw->data;
    for (int64_t i = 0; i < gd_tensor_pixels(tdw); i++)
        for (int64_t c = 0; c < tdw->dim[3]; c++) dw[i * tdw->pitch + c] = 0;
    for (int64_t n = 0; n < tdy->dim[0]; n++)
        for (int64_t p = 0; p < tdy->dim[1]; p++)
            for (int64_t q = 0; q < tdy->dim[2]; q++) {
                const spot t =
                    spot_at(a, tx->dim[1], tx->dim[2], tdw->dim[1], tdw->dim[2], n, p, q);
                weight_at(&t, a, tx, dy, tdw);
                dy += tdy->pitch;
            }
    return GD_OK;
}
