/* batch_norm_cpu.c -- batch norm at inference where it was not folded: memory-bound.
 *
 * The scale of each channel is computed once a run into scratch. */
#include <math.h>

#include "kernels/batch_norm/batch_norm.h"
#include "kernels/cpu/norm.h"
#include "kernels/cpu/spread.h"

typedef struct job {
    const gd_launch *l;
    gdk_steps        steps;
} job;

static void normalise_pixels(void *ctx, int64_t first, int64_t last) {
    const job       *j = ctx;
    const gd_tensor *x = j->l->in[0];
    const gdk_norm   a = {.x = (const float *)x->data + first * x->pitch,
                          .x_pitch = x->pitch,
                          .mean = j->l->in[3]->data,
                          .scale = j->l->scratch,
                          .beta = j->l->in[2]->data,
                          .n = gd_tensor_channels(x)};
    gdk_norm_store(&a, &j->steps, first, last - first);
}

gd_status gdk_batch_norm_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    job           j = {.l = l};
    const int64_t C = gd_tensor_channels(l->in[0]);
    const float   eps = ((const gd_batch_norm *)l->attr)->eps;
    const float  *gamma = l->in[1]->data, *var = l->in[4]->data;
    float        *scale = l->scratch;
    for (int64_t c = 0; c < C; c++) scale[c] = gamma[c] / sqrtf(var[c] + eps);
    gdk_steps_read(l, &j.steps);
    gdk_spread_pixels(gd_tensor_pixels(l->in[0]), (size_t)C * 2 * sizeof(float),
                      normalise_pixels, &j);
    return GD_OK;
}
