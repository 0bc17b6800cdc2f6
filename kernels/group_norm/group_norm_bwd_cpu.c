/* group_norm_bwd_cpu.c -- the gradient of group norm, picture by picture.
 *
 * Moments of channels make those of groups; sums of d_y and of d_y times the centred input make
 * what is taken off the values. Three passes over memory. */
#include <math.h>

#include "kernels/cpu/norm_back.h"
#include "kernels/group_norm/group_norm.h"

/* Behind the sums, for the channels: what gdk_norm_back reads, and invstd. */
enum { VECTORS = 5 };

static size_t sums_bytes(const gd_launch *l) {
    return gdk_sums_scratch(gdk_group_norm_pixels(l->in[0]), 2 * gd_tensor_channels(l->in[0]));
}

size_t gdk_group_norm_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return sums_bytes(l) + (size_t)gd_tensor_channels(l->in[0]) * VECTORS * sizeof(float);
}

typedef struct vectors {
    float *mean, *invstd, *scale, *offset, *slope;
} vectors;

/* Mean and 1 / standard deviation of each group, for each of its channels. With the same number
 * of values in all channels: squares about the group's mean m are those about the channel's m_c
 * plus n (m_c - m)^2. */
static void moments(const gd_launch *l, int64_t first, int64_t pixels, const vectors *v) {
    const gd_group_norm *a = l->attr;
    const int64_t        C = gd_tensor_channels(l->in[0]), width = C / a->groups;
    const double        *mean = gdk_moments(l->in[1], first, pixels, l->scratch);
    for (int64_t g = 0; g < C; g += width) {
        double all = 0, squares = 0;
        for (int64_t c = g; c < g + width; c++) all += mean[c] / (double)width;
        for (int64_t c = g; c < g + width; c++)
            squares += mean[C + c] + (double)pixels * (mean[c] - all) * (mean[c] - all);
        squares /= (double)pixels * (double)width;
        for (int64_t c = g; c < g + width; c++) {
            v->mean[c] = (float)all;
            v->invstd[c] = (float)(1 / sqrt(squares + (double)a->eps));
        }
    }
}

/* With h = (x - mean) invstd and e = d_y gamma: d_x = invstd (e - mean(e) - h mean(e h)), where
 * sum[c] = sum of d_y and sum[C + c] = sum of d_y (x - mean). */
static void coefficients(const gd_launch *l, int64_t pixels, const double *sum,
                         const vectors *v) {
    const gd_group_norm *a = l->attr;
    const int64_t        C = gd_tensor_channels(l->in[0]), width = C / a->groups;
    const float         *gamma = l->in[2]->data;
    float               *d_gamma = l->out[1]->data, *d_beta = l->out[2]->data;
    for (int64_t g = 0; g < C; g += width) {
        const double count = (double)pixels * (double)width, invstd = (double)v->invstd[g];
        double       e = 0, eh = 0;
        for (int64_t c = g; c < g + width; c++) {
            e += (double)gamma[c] * sum[c];
            eh += (double)gamma[c] * sum[C + c] * invstd;
            d_gamma[c] += (float)(sum[C + c] * invstd);
            d_beta[c] += (float)sum[c];
        }
        for (int64_t c = g; c < g + width; c++) {
            v->scale[c] = (float)((double)gamma[c] * invstd);
            v->offset[c] = (float)(invstd * e / count);
            v->slope[c] = (float)(invstd * invstd * eh / count);
        }
    }
}

gd_status gdk_group_norm_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t C = gd_tensor_channels(l->in[0]), pixels = gdk_group_norm_pixels(l->in[0]);
    float        *own = (float *)(void *)((char *)l->scratch + sums_bytes(l));
    const vectors v = {own, own + C, own + 2 * C, own + 3 * C, own + 4 * C};
    for (int64_t c = 0; c < C; c++)
        ((float *)l->out[1]->data)[c] = ((float *)l->out[2]->data)[c] = 0;
    for (int64_t n = 0; n < l->in[0]->dim[0] && pixels; n++) {
        moments(l, n * pixels, pixels, &v);
        const double *sum =
            gdk_norm_back_sums(l->in[0], l->in[1], n * pixels, pixels, v.mean, l->scratch);
        coefficients(l, pixels, sum, &v);
        const gdk_norm_back b = {.d = l->in[0],
                                 .x = l->in[1],
                                 .out = l->out[0],
                                 .mean = v.mean,
                                 .scale = v.scale,
                                 .offset = v.offset,
                                 .slope = v.slope};
        gdk_norm_back_store(&b, n * pixels, pixels);
    }
    return GD_OK;
}
