/* bilateral_ref.c -- the bilateral filter defined: each pixel on its own. */
#include "kernels/arg.h"
#include "kernels/bilateral/bilateral.h"
#include "kernels/mirror.h"
#include "kernels/ref.h"

static void pixel(const gd_bilateral *a, const gd_tensor *x, int64_t n, int64_t h, int64_t w,
                  gd_real *y) {
    const int64_t  H = x->dim[1], W = x->dim[2], C = x->dim[3];
    const gd_real *at = GD_AT(gd_real, x, (n * H + h) * W + w);
    const gd_real  color = GD_REAL(a->sigma_color), space = GD_REAL(a->sigma_space);
    gd_real        weights = 0, sum[GDK_BILATERAL_CHANNELS] = {0};
    for (int i = -a->radius; i <= a->radius; i++)
        for (int j = -a->radius; j <= a->radius; j++) {
            const int64_t  row = n * H + gdk_mirror(h + i, H), column = gdk_mirror(w + j, W);
            const gd_real *v = GD_AT(gd_real, x, row * W + column);
            gd_real        d = 0;
            if (i * i + j * j > a->radius * a->radius) continue;
            for (int64_t c = 0; c < C; c++) d += GD_REAL(fabs(v[c] - at[c]));
            const gd_real k = GD_REAL(exp(-GD_REAL(i * i + j * j) / (2 * space * space) -
                                          d * d / (2 * color * color)));
            weights += k;
            for (int64_t c = 0; c < C; c++) sum[c] += k * v[c];
        }
    for (int64_t c = 0; c < C; c++) y[c] = sum[c] / weights;
}

gd_status GD_REF(bilateral)(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0];
    gd_real         *y = l->out[0]->data;
    (void)err;
    for (int64_t n = 0; n < x->dim[0]; n++)
        for (int64_t h = 0; h < x->dim[1]; h++)
            for (int64_t w = 0; w < x->dim[2]; w++, y += l->out[0]->pitch)
                pixel(l->attr, x, n, h, w, y);
    return GD_OK;
}
