/* group_norm_cpu.c -- group norm. The pool shares pieces of one wide group or of narrow ones
 * that together have 32 channels, so that vectors are full.
 *
 * Bound by memory: three passes (sum, squares about the mean, values). Each channel is summed
 * in FP32 over 64 pixels, then in double: the same bits whatever the instruction set. */
#include <math.h>
#include <string.h>

#include "kernels/cpu/isa.h"
#include "kernels/cpu/norm.h"
#include "kernels/cpu/spread.h"
#include "kernels/group_norm/group_norm.h"

enum { WIDE = 32, PART = 256, SHORT = 64 };

#define PLANE \
    (const float *x, int64_t pitch, int64_t pixels, int64_t n, const float *mean, float *sum)

/* sum[c] = sum of (x - mean[c])^2, or of x where mean is NULL. */
GD_ISA_BODY void sum_plane_body PLANE {
    for (int64_t c = 0; c < n; c++) sum[c] = 0;
    for (int64_t p = 0; p < pixels; p++) {
        const float *v = x + p * pitch;
        if (mean) {
#pragma omp simd
            for (int64_t c = 0; c < n; c++) sum[c] += (v[c] - mean[c]) * (v[c] - mean[c]);
        } else {
#pragma omp simd
            for (int64_t c = 0; c < n; c++) sum[c] += v[c];
        }
    }
}
GD_ISA(sum_plane, PLANE, (x, pitch, pixels, n, mean, sum))

/* Whole groups of one picture: of PART channels together, or one group. */
typedef struct piece {
    const float     *x, *gamma, *beta;
    const gdk_steps *steps;
    int64_t          x_pitch, pixel, pixels; /* pixel: the first one */
    int64_t          width;                  /* of one group */
    int64_t          first, end;             /* channels */
    float            eps;
} piece;

/* The sum over each group. mean: one value for each of the first PART channels; there are more
 * only where they are of one group. */
static void sum_groups(const piece *p, const float *mean, double *total) {
    memset(total, 0, WIDE * sizeof *total);
    for (int64_t c = p->first; c < p->end; c += PART) {
        const int64_t n = p->end - c < PART ? p->end - c : PART;
        float         sum[PART];
        double        all[PART] = {0};
        for (int64_t at = 0; at < p->pixels; at += SHORT) {
            const int64_t some = p->pixels - at < SHORT ? p->pixels - at : SHORT;
            sum_plane(p->x + at * p->x_pitch + c, p->x_pitch, some, n, mean, sum);
            for (int64_t k = 0; k < n; k++) all[k] += (double)sum[k];
        }
        for (int64_t k = 0; k < n; k++) total[(c - p->first + k) / p->width] += all[k];
    }
}

static void norm_piece(const piece *p) {
    const double  count = (double)p->pixels * (double)p->width;
    const int64_t some = p->end - p->first < PART ? p->end - p->first : PART;
    double        total[WIDE];
    float         mean[PART], invstd[PART], scale[PART];
    sum_groups(p, NULL, total);
    for (int64_t k = 0; k < some; k++) mean[k] = (float)(total[k / p->width] / count);
    sum_groups(p, mean, total);
    for (int64_t k = 0; k < some; k++)
        invstd[k] = (float)(1 / sqrt(total[k / p->width] / count + (double)p->eps));
    for (int64_t c = p->first; c < p->end; c += PART) {
        const int64_t n = p->end - c < PART ? p->end - c : PART;
        for (int64_t k = 0; k < n; k++) scale[k] = invstd[k] * p->gamma[c + k];
        const gdk_norm a = {p->x + c, p->x_pitch, mean, scale, p->beta + c, c, n};
        gdk_norm_store(&a, p->steps, p->pixel, p->pixels);
    }
}

/* How many groups make a piece: few channels alone would leave vectors empty. */
static int64_t groups_together(int64_t width) { return width < WIDE ? WIDE / width : 1; }

typedef struct job {
    const gd_launch *l;
    gdk_steps        steps;
} job;

static void norm_pieces(void *ctx, int64_t from, int64_t to) {
    const job           *j = ctx;
    const gd_launch     *l = j->l;
    const gd_group_norm *a = l->attr;
    const gd_tensor     *x = l->in[0];
    const int64_t        C = gd_tensor_channels(x), width = C / a->groups;
    const int64_t        many = groups_together(width), each = (a->groups + many - 1) / many;
    const int64_t        pixels = gdk_group_norm_pixels(x);
    for (int64_t i = from; i < to; i++) {
        const int64_t n = i / each, first = i % each * many * width;
        const piece   p = {.x = (const float *)x->data + n * pixels * x->pitch,
                           .gamma = l->in[1]->data,
                           .beta = l->in[2]->data,
                           .steps = &j->steps,
                           .x_pitch = x->pitch,
                           .pixel = n * pixels,
                           .pixels = pixels,
                           .width = width,
                           .first = first,
                           .end = first + many * width < C ? first + many * width : C,
                           .eps = a->eps};
        norm_piece(&p);
    }
}

gd_status gdk_group_norm_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    job                  j = {.l = l};
    const gd_group_norm *a = l->attr;
    const int64_t        width = gd_tensor_channels(l->in[0]) / a->groups;
    const int64_t        many = groups_together(width), each = (a->groups + many - 1) / many;
    const int64_t        pixels = gdk_group_norm_pixels(l->in[0]);
    if (!pixels) return GD_OK;
    gdk_steps_read(l, &j.steps);
    gdk_spread_pixels(l->in[0]->dim[0] * each,
                      (size_t)(pixels * many * width) * 4 * sizeof(float), norm_pieces, &j);
    return GD_OK;
}
