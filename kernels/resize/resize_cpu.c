/* resize_cpu.c -- resizing of feature maps: rows in parallel, channels as vectors. */
#include <math.h>
#include <string.h>

#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/cpu/isa.h"
#include "kernels/resize/resize.h"

static void nearest_row(const gd_tensor *x, gd_tensor *y, int64_t b, int64_t row) {
    const int64_t H = x->dim[1], W = x->dim[2], out_w = y->dim[2];
    const int64_t from = (b * H + gdk_nearest(row, H, y->dim[1])) * W;
    const size_t  size = (size_t)x->dim[3] * sizeof(float);
    float        *o = GD_AT(float, y, (b * y->dim[1] + row) * out_w);
    for (int64_t i = 0; i < out_w; i++, o += y->pitch)
        memcpy(o, GD_AT(const float, x, from + gdk_nearest(i, W, out_w)), size);
}

typedef struct tap {
    int64_t lo, hi;
    float   w_lo, w_hi;
} tap;

/* PyTorch: the scale in float32, the coordinate in double. */
GD_ISA_BODY tap tap_of(int64_t i, int64_t src, int64_t dst) {
    const double scale = (float)src / (float)dst;
    const double x = scale * ((double)i + 0.5) - 0.5;
    int64_t      lo = x > 0 ? (int64_t)x : 0;
    if (lo > src - 1) lo = src - 1;
    double w = (x > 0 ? x : 0) - (double)lo;
    if (w > 1) w = 1;
    return (tap){lo, lo + 1 < src ? lo + 1 : lo, 1 - (float)w, (float)w};
}

GD_ISA_BODY void bilinear_body(const gd_tensor *x, const gd_tensor *y, int64_t b, int64_t row) {
    const int64_t H = x->dim[1], W = x->dim[2], C = x->dim[3], out_w = y->dim[2];
    const tap     t = tap_of(row, H, y->dim[1]);
    const float  *top = GD_AT(const float, x, (b * H + t.lo) * W);
    const float  *low = GD_AT(const float, x, (b * H + t.hi) * W);
    for (int64_t i = 0; i < out_w; i++) {
        const tap    u = tap_of(i, W, out_w);
        const float *v1 = top + u.lo * x->pitch, *v2 = top + u.hi * x->pitch;
        const float *v3 = low + u.lo * x->pitch, *v4 = low + u.hi * x->pitch;
        float *restrict o = GD_AT(float, y, (b * y->dim[1] + row) * out_w + i);
        for (int64_t c = 0; c < C; c++)
            o[c] = (v1[c] * u.w_lo + v2[c] * u.w_hi) * t.w_lo +
                   (v3[c] * u.w_lo + v4[c] * u.w_hi) * t.w_hi;
    }
}
GD_ISA(bilinear, (const gd_tensor *x, const gd_tensor *y, int64_t b, int64_t row),
       (x, y, b, row))

gd_status gdk_resize_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_resize *a = l->attr;
    const int64_t    rows = l->out[0]->dim[0] * a->out_h;
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(static)
    for (int64_t r = 0; r < rows; r++) {
        if (a->mode == GD_RESIZE_NEAREST)
            nearest_row(l->in[0], l->out[0], r / a->out_h, r % a->out_h);
        else
            bilinear(l->in[0], l->out[0], r / a->out_h, r % a->out_h);
    }
    return GD_OK;
}
