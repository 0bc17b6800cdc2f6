/* yolox_decode_cpu.c -- YOLOX decoding in parallel, with one sigmoid for the best class. */
#include <math.h>

#include "kernels/arg.h"
#include "kernels/cpu/best_sigmoid.h"
#include "kernels/cpu/spread.h"
#include "kernels/yolox_decode/yolox_decode.h"

typedef struct job {
    const gd_launch *l;
    const gd_tensor *f;
    int64_t          first; /* row of the level's first cell in the outputs */
    float            stride;
} job;

static void cells(void *ctx, int64_t from, int64_t to) {
    const job    *j = ctx;
    const int64_t W = j->f->dim[2], plane = j->f->dim[1] * W, n = j->l->out[0]->dim[1];
    for (int64_t i = from; i < to; i++) {
        const float  *v = GD_AT(const float, j->f, i);
        const int64_t b = i / plane, at = j->first + i % plane;
        const float   cx = (v[0] + (float)(i % W)) * j->stride, w = expf(v[2]) * j->stride;
        const float   cy = (v[1] + (float)(i % plane / W)) * j->stride,
                    h = expf(v[3]) * j->stride;
        float *o = GD_AT(float, j->l->out[0], b *n + at), p;
        o[0] = cx - w / 2;
        o[1] = cy - h / 2;
        o[2] = cx + w / 2;
        o[3] = cy + h / 2;
        GD_AT(int32_t, j->l->out[2], b)
        [at] = (int32_t)gdk_best_sigmoid(v + 5, j->f->dim[3] - 5, &p);
        GD_AT(float, j->l->out[1], b)[at] = gdk_sigmoid(v[4]) * p;
    }
}

gd_status gdk_yolox_decode_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_yolox_decode *a = l->attr;
    job                    j = {.l = l};
    for (int lv = 0; lv < a->n_level; lv++) {
        j.f = l->in[lv];
        j.stride = (float)a->stride[lv];
        gdk_spread_pixels(gd_tensor_pixels(j.f), (size_t)j.f->dim[3] * sizeof(float), cells,
                          &j);
        j.first += j.f->dim[1] * j.f->dim[2];
    }
    return GD_OK;
}
