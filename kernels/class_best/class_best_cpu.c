/* class_best_cpu.c -- the likeliest class: the largest logit in vectors, then where it is. */
#include <math.h>

#include "kernels/arg.h"
#include "kernels/class_best/class_best.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/spread.h"

GD_ISA_BODY void largest_body(const float *v, int64_t n, float *out) {
    float m = -__builtin_inff();
    for (int64_t i = 0; i < n; i++) m = v[i] > m ? v[i] : m;
    *out = m;
}
GD_ISA(largest, (const float *v, int64_t n, float *out), (v, n, out))

typedef struct job {
    const gd_launch *l;
    const gd_tensor *x;
    int64_t          first; /* row of the level's first cell in the outputs */
} job;

static void cells(void *ctx, int64_t from, int64_t to) {
    const job    *j = ctx;
    const int64_t plane = j->x->dim[1] * j->x->dim[2], C = j->x->dim[3];
    for (int64_t i = from; i < to; i++) {
        const float  *v = GD_AT(const float, j->x, i);
        const int64_t b = i / plane, at = j->first + i % plane;
        float         most;
        int32_t       label = 0;
        largest(v, C, &most);
        /* Where everything is NaN or minus infinity nothing is larger, and label 0 stays. */
        while (label < C && !(v[label] >= most && most > -INFINITY)) label++;
        GD_AT(float, j->l->out[0], b)[at] = 1 / (1 + expf(-most));
        GD_AT(int32_t, j->l->out[1], b)[at] = label < C ? label : 0;
    }
}

gd_status gdk_class_best_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    job j = {.l = l};
    for (int lv = 0; lv < l->n_in; lv++) {
        j.x = l->in[lv];
        gdk_spread_pixels(gd_tensor_pixels(j.x), (size_t)j.x->dim[3] * sizeof(float), cells,
                          &j);
        j.first += j.x->dim[1] * j.x->dim[2];
    }
    return GD_OK;
}
