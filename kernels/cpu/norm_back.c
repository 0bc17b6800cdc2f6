/* norm_back.c -- the gradients of norms over pixels; see norm_back.h. Memory-bound. */
#include "kernels/cpu/norm_back.h"

#include "kernels/arg.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/spread.h"

typedef struct sums_job {
    const gd_tensor *d, *x;
    int64_t          first;
    const float     *mean;
} sums_job;

static void sums_part(const void *ctx, int64_t first, int64_t last, float *sum) {
    const sums_job *j = ctx;
    const int64_t   at = j->first + first, C = gd_tensor_channels(j->d);
    const gdk_span  s = {.d = GD_AT(const float, j->d, at),
                         .x = GD_AT(const float, j->x, at),
                         .d_pitch = j->d->pitch,
                         .x_pitch = j->x->pitch,
                         .pixels = last - first,
                         .n = C};
    gdk_span_dot(&s, j->mean, sum, sum + C);
}

const double *gdk_norm_back_sums(const gd_tensor *d, const gd_tensor *x, int64_t first,
                                 int64_t pixels, const float *mean, void *scratch) {
    const sums_job j = {d, x, first, mean};
    return gdk_sums(pixels, 2 * gd_tensor_channels(d), sums_part, &j, scratch);
}

#define PIXEL (const gdk_norm_back *b, const float *d, const float *x, float *out, int64_t n)
GD_ISA_BODY void values_body PIXEL {
    const float *mean = b->mean, *scale = b->scale, *offset = b->offset, *slope = b->slope;
    if (!slope) {
#pragma omp simd
        for (int64_t c = 0; c < n; c++) out[c] = scale[c] * d[c];
        return;
    }
#pragma omp simd
    for (int64_t c = 0; c < n; c++)
        out[c] = scale[c] * d[c] - offset[c] - slope[c] * (x[c] - mean[c]);
}
GD_ISA(values, PIXEL, (b, d, x, out, n))

typedef struct store_job {
    const gdk_norm_back *b;
    int64_t              first;
} store_job;

static void store_pixels(void *ctx, int64_t first, int64_t last) {
    const store_job     *j = ctx;
    const gdk_norm_back *b = j->b;
    for (int64_t p = j->first + first; p < j->first + last; p++)
        values(b, GD_AT(const float, b->d, p), GD_AT(const float, b->x, p),
               GD_AT(float, b->out, p), gd_tensor_channels(b->d));
}

void gdk_norm_back_store(const gdk_norm_back *b, int64_t first, int64_t pixels) {
    store_job j = {b, first};
    gdk_spread_pixels(pixels, (size_t)gd_tensor_channels(b->d) * 3 * sizeof(float),
                      store_pixels, &j);
}
