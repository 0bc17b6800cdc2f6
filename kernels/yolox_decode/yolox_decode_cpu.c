/* yolox_decode_cpu.c -- YOLOX decoding in parallel, with one sigmoid for the best class.
 *
 * The best class is that of the largest logit, except that logits which differ may have equal
 * sigmoids in float32, where the definition wants the lower class; only logits that close are
 * looked at. */
#include <math.h>

#include "kernels/arg.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/spread.h"
#include "kernels/yolox_decode/yolox_decode.h"

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

GD_ISA_BODY void largest_body(const float *v, int64_t n, float *out) {
    float m = v[0];
    for (int64_t i = 1; i < n; i++) m = v[i] > m ? v[i] : m;
    *out = m;
}
GD_ISA(largest, (const float *v, int64_t n, float *out), (v, n, out))

/* sigmoid(x) with x above 8 is within 4e-4 of 1: there distant logits can be equal. */
static int64_t best_class(const float *v, int64_t n, float *probability) {
    float most;
    largest(v, n, &most);
    *probability = sigmoid(most);
    const float near = (most > 8 ? 8 : most) - 0.01f;
    for (int64_t c = 0; c < n; c++)
        if (v[c] >= near && sigmoid(v[c]) >= *probability) return c;
    return 0; /* only NaN gets here */
}

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
        GD_AT(int32_t, j->l->out[2], b)[at] = (int32_t)best_class(v + 5, j->f->dim[3] - 5, &p);
        GD_AT(float, j->l->out[1], b)[at] = sigmoid(v[4]) * p;
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
