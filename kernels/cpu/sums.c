/* sums.c -- sums over pixels; see sums.h. */
#include "kernels/cpu/sums.h"

#include <string.h>

#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/cpu/isa.h"

enum { PART_FLOATS = 32 * 1024, MOST_PARTS = 64 };

static int64_t parts_of(int64_t pixels, int64_t columns) {
    int64_t parts = columns ? pixels / (PART_FLOATS / columns + 1) + 1 : 1;
    if (parts > MOST_PARTS) parts = MOST_PARTS;
    return parts < pixels ? parts : pixels > 0 ? pixels : 1;
}

size_t gdk_sums_scratch(int64_t pixels, int64_t columns) {
    const size_t bytes = sizeof(double) + sizeof(float) * (size_t)parts_of(pixels, columns);
    return ((size_t)columns * bytes + 63) / 64 * 64;
}

/* One row of `columns` floats behind the doubles for each part. */
static float *fill_parts(int64_t pixels, int64_t columns, gdk_sums_fn f, const void *ctx,
                         void *scratch) {
    const int64_t parts = parts_of(pixels, columns);
    float        *rows = (float *)(void *)((double *)scratch + columns);
    memset(rows, 0, (size_t)(parts * columns) * sizeof *rows);
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(static) if (parts > 1)
    for (int64_t i = 0; i < parts; i++)
        f(ctx, pixels * i / parts, pixels * (i + 1) / parts, rows + i * columns);
    return rows;
}

const double *gdk_sums(int64_t pixels, int64_t columns, gdk_sums_fn f, const void *ctx,
                       void *scratch) {
    const float *rows = fill_parts(pixels, columns, f, ctx, scratch);
    double      *all = scratch;
    for (int64_t c = 0; c < columns; c++) all[c] = 0;
    for (int64_t i = 0; i < parts_of(pixels, columns); i++)
        for (int64_t c = 0; c < columns; c++) all[c] += (double)rows[i * columns + c];
    return all;
}

GD_ISA_BODY void span_sum_body(const gdk_span *s, float *sum) {
    for (int64_t p = 0; p < s->pixels; p++) {
        const float *d = s->d + p * s->d_pitch;
#pragma omp simd
        for (int64_t c = 0; c < s->n; c++) sum[c] += d[c];
    }
}
GD_ISA(span_sum, (const gdk_span *s, float *sum), (s, sum))
void gdk_span_sum(const gdk_span *s, float *sum) { span_sum(s, sum); }

#define DOT (const gdk_span *s, const float *mean, float *sum, float *dot)
GD_ISA_BODY void span_dot_body DOT {
    for (int64_t p = 0; p < s->pixels; p++) {
        const float *d = s->d + p * s->d_pitch, *x = s->x + p * s->x_pitch;
        if (mean) {
#pragma omp simd
            for (int64_t c = 0; c < s->n; c++) dot[c] += d[c] * (x[c] - mean[c]);
        } else {
#pragma omp simd
            for (int64_t c = 0; c < s->n; c++) dot[c] += d[c] * x[c];
        }
#pragma omp simd
        for (int64_t c = 0; c < s->n; c++) sum[c] += d[c];
    }
}
GD_ISA(span_dot, DOT, (s, mean, sum, dot))
void gdk_span_dot DOT { span_dot(s, mean, sum, dot); }

GD_ISA_BODY void span_squares_body(const gdk_span *s, const float *mean, float *sum) {
    for (int64_t p = 0; p < s->pixels; p++) {
        const float *d = s->d + p * s->d_pitch;
#pragma omp simd
        for (int64_t c = 0; c < s->n; c++) sum[c] += (d[c] - mean[c]) * (d[c] - mean[c]);
    }
}
GD_ISA(span_squares, (const gdk_span *s, const float *mean, float *sum), (s, mean, sum))

typedef struct moments_job {
    const gd_tensor *x;
    int64_t          first;
} moments_job;

static void moments_part(const void *ctx, int64_t first, int64_t last, float *row) {
    const moments_job *j = ctx;
    const int64_t      C = gd_tensor_channels(j->x);
    const gdk_span     s = {.d = GD_AT(const float, j->x, j->first + first),
                            .d_pitch = j->x->pitch,
                            .pixels = last - first,
                            .n = C};
    span_sum(&s, row);
    for (int64_t c = 0; c < C; c++) row[c] /= (float)(last - first);
    span_squares(&s, row, row + C);
}

/* With n_i values of mean m_i in part i: squares about the mean m of all are those about m_i
 * plus n_i (m_i - m)^2. */
const double *gdk_moments(const gd_tensor *x, int64_t first, int64_t pixels, void *scratch) {
    const moments_job j = {x, first};
    const int64_t     C = gd_tensor_channels(x), parts = parts_of(pixels, 2 * C);
    const float      *rows = fill_parts(pixels, 2 * C, moments_part, &j, scratch);
    double           *mean = scratch, *squares = mean + C;
    for (int64_t c = 0; c < C; c++) {
        double sum = 0, about = 0;
        for (int64_t i = 0; i < parts; i++) {
            const int64_t n = pixels * (i + 1) / parts - pixels * i / parts;
            sum += (double)n * (double)rows[i * 2 * C + c];
        }
        mean[c] = sum / (double)pixels;
        for (int64_t i = 0; i < parts; i++) {
            const int64_t n = pixels * (i + 1) / parts - pixels * i / parts;
            const double  d = (double)rows[i * 2 * C + c] - mean[c];
            about += (double)rows[(i * 2 + 1) * C + c] + (double)n * d * d;
        }
        squares[c] = about;
    }
    return mean;
}
