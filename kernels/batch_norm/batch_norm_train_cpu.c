/* batch_norm_train_cpu.c -- batch norm in training, and the gradients of both modes: two passes
 * over memory, the sums first. */
#include <math.h>

#include "kernels/arg.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/cpu/norm.h"
#include "kernels/cpu/norm_back.h"
#include "kernels/cpu/spread.h"
#include "kernels/cpu/sums.h"

/* Sums, then one value a channel for each vector that the second pass reads. */
static size_t scratch(const gd_launch *l, int vectors) {
    const int64_t C = gd_tensor_channels(l->in[0]);
    return gdk_sums_scratch(gd_tensor_pixels(l->in[0]), 2 * C) +
           (size_t)(C * vectors) * sizeof(float);
}

static float *vectors_at(const gd_launch *l) {
    const int64_t C = gd_tensor_channels(l->in[0]);
    return (float *)(void *)((char *)l->scratch +
                             gdk_sums_scratch(gd_tensor_pixels(l->in[0]), 2 * C));
}

size_t gdk_batch_norm_train_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return scratch(l, 1);
}

typedef struct job {
    const gd_launch *l;
    const float     *scale;
    gdk_steps        steps;
} job;

static void normalise(void *ctx, int64_t first, int64_t last) {
    const job       *j = ctx;
    const gd_tensor *x = j->l->in[0];
    const gdk_norm   a = {.x = GD_AT(const float, x, first),
                          .x_pitch = x->pitch,
                          .mean = j->l->out[1]->data,
                          .scale = j->scale,
                          .beta = j->l->in[2]->data,
                          .n = gd_tensor_channels(x)};
    gdk_norm_store(&a, &j->steps, first, last - first);
}

gd_status gdk_batch_norm_train_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_batch_norm_train *a = l->attr;
    const int64_t              C = gd_tensor_channels(l->in[0]), P = gd_tensor_pixels(l->in[0]);
    const double *mean = gdk_moments(l->in[0], 0, P, l->scratch), *squares = mean + C;
    const float  *gamma = l->in[1]->data, *old_mean = l->in[3]->data;
    const float  *old_var = l->in[4]->data;
    float        *out[5], *scale = vectors_at(l);
    for (int i = 1; i < 5; i++) out[i] = l->out[i]->data;
    for (int64_t c = 0; c < C; c++) {
        const double invstd = 1 / sqrt(squares[c] / (double)P + (double)a->eps);
        const double mom = (double)a->momentum;
        out[1][c] = (float)mean[c];
        out[2][c] = (float)invstd;
        scale[c] = (float)(invstd * (double)gamma[c]);
        out[3][c] = (float)((1 - mom) * (double)old_mean[c] + mom * mean[c]);
        out[4][c] =
            (float)((1 - mom) * (double)old_var[c] + mom * squares[c] / (double)(P - 1));
    }
    job j = {.l = l, .scale = scale};
    gdk_steps_read(l, &j.steps);
    gdk_spread_pixels(P, (size_t)C * 2 * sizeof(float), normalise, &j);
    return GD_OK;
}

size_t gdk_batch_norm_bwd_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return scratch(l, 3);
}

/* In: d_y, x, gamma, mean, var, or invstd where `train`: only then do the statistics depend on
 * x. */
static void backward(const gd_launch *l, bool train, double eps) {
    const int64_t C = gd_tensor_channels(l->in[0]), P = gd_tensor_pixels(l->in[0]);
    const float  *gamma = l->in[2]->data, *mean = l->in[3]->data, *spread = l->in[4]->data;
    const double *sum = gdk_norm_back_sums(l->in[0], l->in[1], 0, P, mean, l->scratch);
    float        *scale = vectors_at(l), *offset = scale + C, *slope = offset + C;
    float        *d_gamma = l->out[1]->data, *d_beta = l->out[2]->data;
    for (int64_t c = 0; c < C; c++) {
        const double v = (double)spread[c], invstd = train ? v : 1 / sqrt(v + eps);
        const double dot = sum[C + c] * invstd;
        const double by = (double)gamma[c] * invstd;
        scale[c] = (float)by;
        offset[c] = (float)(by * sum[c] / (double)P);
        slope[c] = (float)(by * dot * invstd / (double)P);
        d_gamma[c] = (float)dot;
        d_beta[c] = (float)sum[c];
    }
    const gdk_norm_back b = {.d = l->in[0],
                             .x = l->in[1],
                             .out = l->out[0],
                             .mean = mean,
                             .scale = scale,
                             .offset = offset,
                             .slope = train ? slope : NULL};
    gdk_norm_back_store(&b, 0, P);
}

gd_status gdk_batch_norm_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    backward(l, false, (double)((const gd_batch_norm *)l->attr)->eps);
    return GD_OK;
}

gd_status gdk_batch_norm_train_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    backward(l, true, 0);
    return GD_OK;
}
