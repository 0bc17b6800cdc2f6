/* separable_ref.c -- gaussian, sharpen and sobel defined: each output value on its own. */
#include "kernels/arg.h"
#include "kernels/ref.h"
#include "kernels/separable/separable.h"

typedef void (*spell_fn)(const void *attr, gdk_separable *s);

/* One pair of kernels at pixel (h, w), channel c, of picture n. */
static gd_real sum(const gdk_separable *s, int p, const gd_tensor *x, int64_t n, int64_t h,
                   int64_t w, int64_t c) {
    gd_real all = 0;
    for (int i = 0; i < s->n_y[p]; i++) {
        const int64_t row = n * x->dim[1] + gdk_mirror(h + i - s->n_y[p] / 2, x->dim[1]);
        gd_real       across = 0;
        for (int j = 0; j < s->n_x[p]; j++) {
            const int64_t at = gdk_mirror(w + j - s->n_x[p] / 2, x->dim[2]);
            across += GD_REAL(s->x[p][j]) * GD_AT(gd_real, x, row * x->dim[2] + at)[c];
        }
        all += GD_REAL(s->y[p][i]) * across;
    }
    return all;
}

static gd_real value(const gdk_separable *s, const gd_tensor *x, int64_t n, int64_t h,
                     int64_t w, int64_t c) {
    const gd_real v = sum(s, 0, x, n, h, w, c);
    if (s->after == GDK_AFTER_ABS) return GD_REAL(fabs(v));
    if (s->after == GDK_AFTER_LENGTH) {
        const gd_real u = sum(s, 1, x, n, h, w, c);
        return GD_REAL(sqrt(v * v + u * u));
    }
    if (s->after == GDK_AFTER_NONE) return v;
    const gd_real from = GD_AT(gd_real, x, (n * x->dim[1] + h) * x->dim[2] + w)[c];
    return from + GD_REAL(s->amount) * (from - v);
}

static gd_status run(const gd_launch *l, spell_fn spell) {
    const gd_tensor *x = l->in[0];
    gd_tensor       *y = l->out[0];
    gdk_separable    s;
    spell(l->attr, &s);
    for (int64_t n = 0; n < y->dim[0]; n++)
        for (int64_t h = 0; h < y->dim[1]; h++)
            for (int64_t w = 0; w < y->dim[2]; w++)
                for (int64_t c = 0; c < y->dim[3]; c++)
                    GD_AT(gd_real, y, (n * y->dim[1] + h) * y->dim[2] + w)
    [c] = value(&s, x, n, h, w, c);
    return GD_OK;
}

gd_status GD_REF(gaussian)(const gd_launch *l, gd_error *err) {
    (void)err;
    return run(l, gdk_gaussian_spell);
}

gd_status GD_REF(sharpen)(const gd_launch *l, gd_error *err) {
    (void)err;
    return run(l, gdk_sharpen_spell);
}

gd_status GD_REF(sobel)(const gd_launch *l, gd_error *err) {
    (void)err;
    return run(l, gdk_sobel_spell);
}
