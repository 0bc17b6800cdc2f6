/* motion.c -- see motion.h.
 *
 * The noise of SORT is that of its authors' program, since the paper gives no figures; the
 * noise of ByteTrack is that of DeepSORT (Wojke et al. 2017), which it takes over: standard
 * deviations in proportion to the height of the box. */
#include "tools/track/motion.h"

#include <math.h>

static void predict(gd_axis *a, double noise_x, double noise_v) {
    a->x += a->v;
    a->pxx += 2 * a->pxv + a->pvv + noise_x;
    a->pxv += a->pvv;
    a->pvv += noise_v;
}

static void correct(gd_axis *a, double measured, double noise) {
    const double sum = a->pxx + noise;
    if (!(sum > 0)) return;
    const double gain_x = a->pxx / sum, gain_v = a->pxv / sum, off = measured - a->x;
    a->x += gain_x * off;
    a->v += gain_v * off;
    a->pvv -= gain_v * a->pxv;
    a->pxv -= gain_x * a->pxv;
    a->pxx -= gain_x * a->pxx;
}

/* Width and height; not 0, since both are divided by. */
static void extent(const double box[4], double *w, double *h) {
    *w = fmax(box[2] - box[0], 1e-3);
    *h = fmax(box[3] - box[1], 1e-3);
}

static void around(double x, double y, double w, double h, double box[4]) {
    box[0] = x - w / 2;
    box[1] = y - h / 2;
    box[2] = x + w / 2;
    box[3] = y + h / 2;
}

/* ---- SORT -------------------------------------------------------------------------------- */

static void sort_measure(const double box[4], double z[4]) {
    double w, h;
    extent(box, &w, &h);
    z[0] = box[0] + w / 2;
    z[1] = box[1] + h / 2;
    z[2] = w * h;
    z[3] = w / h;
}

void gd_sort_begin(gd_axis a[4], const double box[4]) {
    double z[4];
    sort_measure(box, z);
    for (int k = 0; k < 4; k++) a[k] = (gd_axis){z[k], 0, 10, 0, k < 3 ? 1e4 : 0};
}

void gd_sort_predict(gd_axis a[4]) {
    if (a[2].x + a[2].v <= 0) a[2].v = 0; /* an area stays positive */
    predict(&a[0], 1, 0.01);
    predict(&a[1], 1, 0.01);
    predict(&a[2], 1, 0.0001);
    predict(&a[3], 1, 0);
}

void gd_sort_correct(gd_axis a[4], const double box[4]) {
    static const double noise[4] = {1, 1, 10, 10};
    double              z[4];
    sort_measure(box, z);
    for (int k = 0; k < 4; k++) correct(&a[k], z[k], noise[k]);
}

void gd_sort_box(const gd_axis a[4], double box[4]) {
    const double w = sqrt(fmax(a[2].x * a[3].x, 0));
    around(a[0].x, a[1].x, w, w > 0 ? a[2].x / w : 0, box);
}

/* ---- ByteTrack --------------------------------------------------------------------------- */

static void byte_measure(const double box[4], double z[4]) {
    double w, h;
    extent(box, &w, &h);
    z[0] = box[0] + w / 2;
    z[1] = box[1] + h / 2;
    z[2] = w / h;
    z[3] = h;
}

static double square(double x) { return x * x; }

void gd_byte_begin(gd_axis a[4], const double box[4]) {
    double z[4];
    byte_measure(box, z);
    for (int k = 0; k < 4; k++)
        a[k] = k == 2 ? (gd_axis){z[k], 0, square(1e-2), 0, square(1e-5)}
                      : (gd_axis){z[k], 0, square(2 * z[3] / 20), 0, square(10 * z[3] / 160)};
}

void gd_byte_predict(gd_axis a[4], bool seen) {
    const double h = a[3].x;
    if (!seen) a[3].v = 0;
    for (int k = 0; k < 4; k++)
        predict(&a[k], square(k == 2 ? 1e-2 : h / 20), square(k == 2 ? 1e-5 : h / 160));
}

void gd_byte_correct(gd_axis a[4], const double box[4]) {
    const double h = a[3].x;
    double       z[4];
    byte_measure(box, z);
    for (int k = 0; k < 4; k++) correct(&a[k], z[k], square(k == 2 ? 1e-1 : h / 20));
}

void gd_byte_box(const gd_axis a[4], double box[4]) {
    around(a[0].x, a[1].x, a[2].x * a[3].x, a[3].x, box);
}
