/* bilateral_cpu.c -- the bilateral filter on threads: every tap for a strip of pixels at once.
 *
 * A picture is first laid out as one plane a channel, mirrored `radius` pixels beyond its
 * borders; then all loops run over adjacent floats. Scratch: the planes of one picture. */
#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/bilateral/bilateral.h"
#include "kernels/cpu/vmath.h"
#include "kernels/mirror.h"

enum { STRIP = 128, MOST = GDK_BILATERAL_CHANNELS };

typedef struct plan {
    int          C, radius;
    int64_t      H, W, stride, plane; /* floats from row to row, from channel to channel */
    float        of_color, of_space;  /* -1 / (2 sigma^2) */
    const float *at;                  /* pixel (0, 0) of channel 0 */
} plan;

static size_t row_floats(const gd_tensor *x, int radius) {
    return ((size_t)x->dim[2] + 2 * (size_t)radius + 15) / 16 * 16;
}

size_t gdk_bilateral_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gd_bilateral *a = l->attr;
    const gd_tensor    *x = l->in[0];
    (void)dev;
    /* A strip reads whole; its last one ends behind the last row. */
    return (row_floats(x, a->radius) * ((size_t)x->dim[1] + 2 * (size_t)a->radius) *
                (size_t)x->dim[3] +
            STRIP) *
           sizeof(float);
}

/* Channel planes of row y of the padded picture n. */
static void lay_row(const plan *p, const gd_tensor *x, int64_t n, int64_t y, float *to) {
    const int64_t row = n * p->H + gdk_mirror(y, p->H);
    for (int64_t i = -p->radius; i < p->W + p->radius; i++) {
        const bool   in = i >= 0 && i < p->W;
        const float *v = GD_AT(const float, x, row * p->W + (in ? i : gdk_mirror(i, p->W)));
        for (int c = 0; c < p->C; c++) to[c * p->plane + i] = v[c];
    }
}

/* One tap: sums of weights and of weighted values for a strip. C is a constant of each copy. */
GD_ISA_BODY void tap_c(const float *at, const float *from, int64_t plane, float space,
                       float of_color, float (*sum)[STRIP], const int C) {
    for (int i = 0; i < STRIP; i++) {
        float d = 0;
        for (int c = 0; c < C; c++) {
            const float e = from[c * plane + i] - at[c * plane + i];
            d += e < 0 ? -e : e;
        }
        const float k = gd_exp_f32(space + d * d * of_color);
        for (int c = 0; c < C; c++) sum[c][i] += k * from[c * plane + i];
        sum[MOST][i] += k;
    }
}
GD_ISA_BODY void tap_body(const float *at, const float *from, int64_t plane, float space,
                          float of_color, float (*sum)[STRIP], int C) {
    if (C == 1) tap_c(at, from, plane, space, of_color, sum, 1);
    if (C == 2) tap_c(at, from, plane, space, of_color, sum, 2);
    if (C == 3) tap_c(at, from, plane, space, of_color, sum, 3);
    if (C == 4) tap_c(at, from, plane, space, of_color, sum, 4);
}
GD_ISA(tap,
       (const float *at, const float *from, int64_t plane, float space, float of_color,
        float (*sum)[STRIP], int C),
       (at, from, plane, space, of_color, sum, C))

static void strip(const plan *p, int64_t y, int64_t x, gd_tensor *out, int64_t row) {
    float        sum[MOST + 1][STRIP] = {{0}};
    const float *at = p->at + y * p->stride + x;
    const int    r = p->radius;
    for (int i = -r; i <= r; i++)
        for (int j = -r; j <= r; j++)
            if (i * i + j * j <= r * r)
                tap(at, at + i * p->stride + j, p->plane, (float)(i * i + j * j) * p->of_space,
                    p->of_color, sum, p->C);
    for (int64_t i = 0; i < STRIP && x + i < p->W; i++)
        for (int c = 0; c < p->C; c++)
            GD_AT(float, out, row * p->W + x + i)[c] = sum[c][i] / sum[MOST][i];
}

gd_status gdk_bilateral_cpu_f32(const gd_launch *l, gd_error *err) {
    const gd_bilateral *a = l->attr;
    const gd_tensor    *x = l->in[0];
    gd_tensor          *out = l->out[0];
    const int           r = a->radius, threads = gd_cpu_threads();
    plan                p = {.C = (int)x->dim[3],
                             .radius = r,
                             .H = x->dim[1],
                             .W = x->dim[2],
                             .stride = (int64_t)row_floats(x, r)};
    (void)err;
    p.plane = p.stride * (p.H + 2 * r);
    p.of_color = -1 / (2 * a->sigma_color * a->sigma_color);
    p.of_space = -1 / (2 * a->sigma_space * a->sigma_space);
    p.at = (float *)l->scratch + r * p.stride + r;
    if (gd_tensor_count(x) == 0) return GD_OK;
    for (int64_t n = 0; n < x->dim[0]; n++) {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int64_t y = -r; y < p.H + r; y++)
            lay_row(&p, x, n, y, (float *)l->scratch + (y + r) * p.stride + r);
#pragma omp parallel for num_threads(threads) schedule(dynamic, 4)
        for (int64_t y = 0; y < p.H; y++)
            for (int64_t i = 0; i < p.W; i += STRIP) strip(&p, y, i, out, n * p.H + y);
    }
    return GD_OK;
}
