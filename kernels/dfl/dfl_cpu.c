/* dfl_cpu.c -- boxes from distributions: the exponentials of a cell's four rows at once. */
#include "kernels/arg.h"
#include "kernels/cpu/spread.h"
#include "kernels/cpu/vmath.h"
#include "kernels/dfl/dfl.h"

/* Sums with their numerators, and in the order of the bins: the same bits whatever the
 * instruction set. */
GD_ISA_BODY void distances_body(const float *x, int64_t bins, float *d) {
    float e[4 * GD_DFL_MAX_BINS], top[4];
    for (int s = 0; s < 4; s++) {
        top[s] = x[s * bins];
        for (int64_t k = 1; k < bins; k++)
            top[s] = x[s * bins + k] > top[s] ? x[s * bins + k] : top[s];
    }
    for (int s = 0; s < 4; s++)
        for (int64_t k = 0; k < bins; k++)
            e[s * bins + k] = gd_exp_f32(x[s * bins + k] - top[s]);
    for (int s = 0; s < 4; s++) {
        float sum = 0, weighted = 0;
        for (int64_t k = 0; k < bins; k++) {
            sum += e[s * bins + k];
            weighted += (float)k * e[s * bins + k];
        }
        d[s] = weighted / sum;
    }
}
GD_ISA(distances, (const float *x, int64_t bins, float *d), (x, bins, d))

typedef struct job {
    gd_tensor       *out;
    const gd_tensor *x;
    int64_t          first; /* row of the level's first cell in the boxes */
    float            stride;
} job;

static void cells(void *ctx, int64_t from, int64_t to) {
    const job    *j = ctx;
    const int64_t W = j->x->dim[2], plane = j->x->dim[1] * W;
    for (int64_t i = from; i < to; i++) {
        float      *o = GD_AT(float, j->out, i / plane * j->out->dim[1] + j->first + i % plane);
        const float x = (float)(i % W) + 0.5f, y = (float)(i % plane / W) + 0.5f;
        float       d[4];
        distances(GD_AT(const float, j->x, i), j->x->dim[3] / 4, d);
        o[0] = (x - d[0]) * j->stride;
        o[1] = (y - d[1]) * j->stride;
        o[2] = (x + d[2]) * j->stride;
        o[3] = (y + d[3]) * j->stride;
    }
}

gd_status gdk_dfl_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_dfl *a = l->attr;
    job           j = {.out = l->out[0]};
    for (int lv = 0; lv < a->n_level; lv++) {
        j.x = l->in[lv];
        j.stride = (float)a->stride[lv];
        gdk_spread_pixels(gd_tensor_pixels(j.x), (size_t)j.x->dim[3] * 4 * sizeof(float), cells,
                          &j);
        j.first += j.x->dim[1] * j.x->dim[2];
    }
    return GD_OK;
}
