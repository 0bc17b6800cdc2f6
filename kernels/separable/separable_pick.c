/* separable_pick.c -- the kernels of gaussian, sharpen and sobel, from their attributes. */
#include <math.h>

#include "kernels/separable/separable.h"

static void bell(int n, double sigma, double *k) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
        const double d = i - n / 2;
        k[i] = exp(-d * d / (2 * sigma * sigma));
        sum += k[i];
    }
    for (int i = 0; i < n; i++) k[i] /= sum;
}

void gdk_gaussian_spell(const void *attr, gdk_separable *s) {
    const gd_gaussian *a = attr;
    s->n_pair = 1;
    s->after = GDK_AFTER_NONE;
    s->amount = 0;
    s->n_y[0] = a->size[0];
    s->n_x[0] = a->size[1];
    bell(a->size[0], (double)a->sigma[0], s->y[0]);
    bell(a->size[1], (double)a->sigma[1], s->x[0]);
}

void gdk_sharpen_spell(const void *attr, gdk_separable *s) {
    const gd_sharpen *a = attr;
    gdk_gaussian_spell(&a->blur, s);
    s->after = GDK_AFTER_SHARPEN;
    s->amount = (double)a->amount;
}

/* Row n - 1 of Pascal's triangle. */
static void binomial(int n, double *k) {
    k[0] = 1;
    for (int m = 1; m < n; m++) {
        k[m] = 0;
        for (int i = m; i > 0; i--) k[i] += k[i - 1];
    }
}

/* Its difference over two steps: binomial(n - 2) convolved with -1 0 1. */
static void difference(int n, double *k) {
    double b[GDK_MOST_TAPS];
    binomial(n - 2, b);
    for (int i = 0; i < n; i++) k[i] = (i >= 2 ? b[i - 2] : 0) - (i < n - 2 ? b[i] : 0);
}

void gdk_sobel_spell(const void *attr, gdk_separable *s) {
    const gd_sobel *a = attr;
    const bool      both = a->mode == GD_SOBEL_BOTH;
    s->n_pair = both ? 2 : 1;
    s->amount = 0;
    s->after = both                      ? GDK_AFTER_LENGTH
               : a->mode < GD_SOBEL_BOTH ? GDK_AFTER_NONE
                                         : GDK_AFTER_ABS;
    for (int p = 0; p < s->n_pair; p++) {
        const bool along_y = p == 1 || a->mode == GD_SOBEL_Y || a->mode == GD_SOBEL_ABS_Y;
        s->n_y[p] = s->n_x[p] = a->size;
        (along_y ? difference : binomial)(a->size, s->y[p]);
        (along_y ? binomial : difference)(a->size, s->x[p]);
        for (int i = 0; i < a->size; i++) s->y[p][i] *= (double)a->scale;
    }
}
