/* group_norm_ref.c -- the definition of group norm, and of its gradient. */
#include <tgmath.h>

#include "kernels/group_norm/group_norm.h"
#include "kernels/ref.h"

/* Channels [first, end) of pixels [from, to): one group of one picture. */
typedef struct group {
    int64_t from, to, first, end;
} group;

typedef struct moments {
    gd_real mean, invstd, count;
} moments;

static group group_of(const gd_launch *l, int64_t n, int64_t g) {
    const int64_t P = gdk_group_norm_pixels(l->in[0]);
    const int64_t width =
        gd_tensor_channels(l->in[0]) / ((const gd_group_norm *)l->attr)->groups;
    return (group){n * P, (n + 1) * P, g * width, (g + 1) * width};
}

static moments moments_of(const gd_tensor *x, const group *g, const void *attr) {
    const gd_real count = (gd_real)((g->to - g->from) * (g->end - g->first));
    gd_real       mean = 0, var = 0;
    for (int64_t p = g->from; p < g->to; p++)
        for (int64_t c = g->first; c < g->end; c++) mean += gd_pixel(x, p)[c];
    mean /= count;
    for (int64_t p = g->from; p < g->to; p++)
        for (int64_t c = g->first; c < g->end; c++) {
            const gd_real d = gd_pixel(x, p)[c] - mean;
            var += d * d;
        }
    return (moments){mean, 1 / sqrt(var / count + (gd_real)((const gd_group_norm *)attr)->eps),
                     count};
}

static void norm(const gd_launch *l, const group *g) {
    const gd_real *gamma = l->in[1]->data, *beta = l->in[2]->data;
    const moments  m = moments_of(l->in[0], g, l->attr);
    for (int64_t p = g->from; p < g->to; p++)
        for (int64_t c = g->first; c < g->end; c++)
            gd_pixel_out(l->out[0], p)[c] =
                (gd_pixel(l->in[0], p)[c] - m.mean) * m.invstd * gamma[c] + beta[c];
}

gd_status GD_REF(group_norm)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_group_norm *a = l->attr;
    for (int64_t n = 0; n < l->in[0]->dim[0]; n++)
        for (int64_t g = 0; g < a->groups; g++) {
            const group at = group_of(l, n, g);
            norm(l, &at);
        }
    return GD_OK;
}

/* With h = (x - mean) invstd and e = d_y gamma: d_x = invstd (e - mean(e) - h mean(e h)). */
static void norm_bwd(const gd_launch *l, const group *g) {
    const gd_real *gamma = l->in[2]->data;
    gd_real       *d_gamma = l->out[1]->data, *d_beta = l->out[2]->data;
    const moments  m = moments_of(l->in[1], g, l->attr);
    gd_real        sum_e = 0, sum_eh = 0;
    for (int64_t p = g->from; p < g->to; p++)
        for (int64_t c = g->first; c < g->end; c++) {
            const gd_real d_y = gd_pixel(l->in[0], p)[c];
            const gd_real h = (gd_pixel(l->in[1], p)[c] - m.mean) * m.invstd;
            sum_e += d_y * gamma[c];
            sum_eh += d_y * gamma[c] * h;
            d_gamma[c] += d_y * h;
            d_beta[c] += d_y;
        }
    for (int64_t p = g->from; p < g->to; p++)
        for (int64_t c = g->first; c < g->end; c++) {
            const gd_real h = (gd_pixel(l->in[1], p)[c] - m.mean) * m.invstd;
            gd_pixel_out(l->out[0], p)[c] = m.invstd * (gd_pixel(l->in[0], p)[c] * gamma[c] -
                                                        (sum_e + h * sum_eh) / m.count);
        }
}

/* In: d_y, x, gamma. */
gd_status GD_REF(group_norm_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_group_norm *a = l->attr;
    gd_real             *d_gamma = l->out[1]->data, *d_beta = l->out[2]->data;
    for (int64_t c = 0; c < gd_tensor_channels(l->in[0]); c++) d_gamma[c] = d_beta[c] = 0;
    for (int64_t n = 0; n < l->in[0]->dim[0]; n++)
        for (int64_t g = 0; g < a->groups; g++) {
            const group at = group_of(l, n, g);
            norm_bwd(l, &at);
        }
    return GD_OK;
}
