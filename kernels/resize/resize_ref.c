/* resize_ref.c -- the definition of resizing feature maps, and of its gradient. */
#include "kernels/arg.h"
#include "kernels/ref.h"
#include "kernels/resize/resize.h"

/* The two source pixels of one output pixel along an axis, and their weights. */
typedef struct tap {
    int64_t at[2];
    gd_real w[2];
} tap;

static tap tap_of(int mode, int64_t i, int64_t src, int64_t dst) {
    if (mode == GD_RESIZE_NEAREST) {
        const int64_t at = gdk_nearest(i, src, dst);
        return (tap){{at, at}, {1, 0}};
    }
    /* The scale in the type under test, the coordinate in double: PyTorch. */
    const double scale = GD_REAL(src) / GD_REAL(dst);
    const double x = fmax(scale * ((double)i + 0.5) - 0.5, 0);
    int64_t      lo = (int64_t)x;
    if (lo > src - 1) lo = src - 1;
    const gd_real w = GD_REAL(fmin(x - (double)lo, 1));
    return (tap){{lo, lo + 1 < src ? lo + 1 : lo}, {1 - w, w}};
}

gd_status GD_REF(resize)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_resize *a = l->attr;
    const gd_tensor *x = l->in[0];
    const int64_t    H = x->dim[1], W = x->dim[2];
    for (int64_t p = 0; p < gd_tensor_pixels(l->out[0]); p++) {
        const int64_t  b = p / a->out_w / a->out_h;
        const tap      y = tap_of(a->mode, p / a->out_w % a->out_h, H, a->out_h);
        const tap      z = tap_of(a->mode, p % a->out_w, W, a->out_w);
        const gd_real *v[2][2];
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++)
                v[i][j] = GD_AT(const gd_real, x, (b * H + y.at[i]) * W + z.at[j]);
        gd_real *o = GD_AT(gd_real, l->out[0], p);
        for (int64_t c = 0; c < x->dim[3]; c++)
            o[c] = a->mode == GD_RESIZE_NEAREST
                       ? v[0][0][c]
                       : (v[0][0][c] * z.w[0] + v[0][1][c] * z.w[1]) * y.w[0] +
                             (v[1][0][c] * z.w[0] + v[1][1][c] * z.w[1]) * y.w[1];
    }
    return GD_OK;
}

gd_status GD_REF(resize_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_resize *a = l->attr;
    gd_tensor       *dx = l->out[0];
    const int64_t    H = dx->dim[1], W = dx->dim[2], C = dx->dim[3];
    for (int64_t p = 0; p < gd_tensor_pixels(dx); p++)
        for (int64_t c = 0; c < C; c++) GD_AT(gd_real, dx, p)[c] = 0;
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const int64_t  b = p / a->out_w / a->out_h;
        const tap      y = tap_of(a->mode, p / a->out_w % a->out_h, H, a->out_h);
        const tap      z = tap_of(a->mode, p % a->out_w, W, a->out_w);
        const gd_real *d = GD_AT(const gd_real, l->in[0], p);
        for (int k = 0; k < 4; k++) {
            gd_real *o = GD_AT(gd_real, dx, (b * H + y.at[k / 2]) * W + z.at[k % 2]);
            for (int64_t c = 0; c < C; c++) o[c] += d[c] * y.w[k / 2] * z.w[k % 2];
        }
    }
    return GD_OK;
}
