/* yolo_decode_cpu.c -- anchor heads decoded in parallel, cell by cell. */
#include <math.h>

#include "kernels/arg.h"
#include "kernels/cpu/best_sigmoid.h"
#include "kernels/cpu/spread.h"
#include "kernels/cpu/vmath.h"
#include "kernels/yolo_decode/yolo_decode.h"

/* out[c] = object * sigmoid(v[c]) */
GD_ISA_BODY void products_body(const float *v, int64_t n, float object, float *out) {
    for (int64_t c = 0; c < n; c++) out[c] = object * gd_sigmoid_f32(v[c]);
}
GD_ISA(products, (const float *v, int64_t n, float object, float *out), (v, n, object, out))

static float act(const gd_yolo_decode *a, float x) { return a->logits ? gdk_sigmoid(x) : x; }

static float side(const gd_yolo_decode *a, float x, float anchor) {
    if (a->form == GD_YOLO_EXP) return expf(x) * anchor;
    const float s = 2 * act(a, x);
    return s * s * anchor;
}

/* The best class and its probability. */
static int64_t best_class(const gd_yolo_decode *a, const float *v, int64_t n, float *p) {
    if (a->logits) return gdk_best_sigmoid(v, n, p);
    int64_t best = 0;
    for (int64_t c = 1; c < n; c++)
        if (v[c] > v[best]) best = c;
    *p = v[best];
    return best;
}

typedef struct job {
    const gd_launch      *l;
    const gd_yolo_decode *a;
    int                   level;
    int64_t               first; /* row of the level's first anchor in the outputs */
} job;

/* One anchor of one cell into row `at` of picture b. */
static void scores(const job *j, const float *v, int64_t C, int64_t b, int64_t at) {
    const float object = act(j->a, v[4]);
    float       p;
    GD_AT(int32_t, j->l->out[2], b)[at] = (int32_t)best_class(j->a, v + 5, C, &p);
    if (!j->a->multi) {
        GD_AT(float, j->l->out[1], b)[at] = object * p;
        return;
    }
    float *o = GD_AT(float, j->l->out[1], b * j->l->out[1]->dim[1] + at);
    if (j->a->logits)
        products(v + 5, C, object, o);
    else
        for (int64_t c = 0; c < C; c++) o[c] = object * v[5 + c];
}

static void cells(void *ctx, int64_t from, int64_t to) {
    const job            *j = ctx;
    const gd_yolo_decode *a = j->a;
    const gd_tensor      *f = j->l->in[j->level];
    const int64_t         W = f->dim[2], plane = f->dim[1] * W, n = j->l->out[0]->dim[1];
    const int             A = a->n_anchor[j->level];
    const float           z = a->scale_xy[j->level], s = (float)a->stride[j->level];
    for (int64_t i = from; i < to; i++)
        for (int k = 0; k < A; k++) {
            const int64_t each = f->dim[3] / A, b = i / plane;
            const int64_t at = j->first + i % plane * A + k;
            const float  *v = GD_AT(const float, f, i) + k * each;
            float        *o = GD_AT(float, j->l->out[0], b *n + at);
            const float   cx = (act(a, v[0]) * z - (z - 1) / 2 + (float)(i % W)) * s;
            const float   cy = (act(a, v[1]) * z - (z - 1) / 2 + (float)(i % plane / W)) * s;
            const float   w = side(a, v[2], a->anchor[j->level][2 * k]);
            const float   h = side(a, v[3], a->anchor[j->level][2 * k + 1]);
            o[0] = cx - w / 2;
            o[1] = cy - h / 2;
            o[2] = cx + w / 2;
            o[3] = cy + h / 2;
            scores(j, v, each - 5, b, at);
        }
}

gd_status gdk_yolo_decode_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    job j = {.l = l, .a = l->attr};
    for (j.level = 0; j.level < j.a->n_level; j.level++) {
        const gd_tensor *f = l->in[j.level];
        gdk_spread_pixels(gd_tensor_pixels(f), (size_t)f->dim[3] * sizeof(float), cells, &j);
        j.first += f->dim[1] * f->dim[2] * j.a->n_anchor[j.level];
    }
    return GD_OK;
}
