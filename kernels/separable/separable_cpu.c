/* separable_cpu.c -- gaussian, sharpen and sobel on threads: bands of rows, each row in two
 * passes.
 *
 * A row is first summed along y, straight from the picture, into a line that is longer by the
 * radius at both ends; the line is mirrored there and summed along x. All loops run over
 * adjacent floats. Scratch: the kernels as floats, and two such lines for every thread. */
#include <math.h>
#include <string.h>

#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/cpu/isa.h"
#include "kernels/separable/separable.h"

enum { EDGE = GDK_MOST_TAPS / 2 };

typedef struct job {
    gdk_separable s;
    float         y[2][GDK_MOST_TAPS], x[2][GDK_MOST_TAPS];
    float         amount;
} job;

static size_t aligned(size_t n) { return (n + 63) / 64 * 64; }
static size_t line_floats(const gd_tensor *x) {
    return (size_t)(x->dim[2] + 2 * EDGE) * (size_t)x->dim[3];
}
static size_t line_bytes(const gd_tensor *x) { return aligned(line_floats(x) * sizeof(float)); }

size_t gdk_separable_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return aligned(sizeof(job)) + 3 * line_bytes(l->in[0]) * (size_t)gd_cpu_threads();
}

/* to[i] (+)= k * from[i] */
GD_ISA_BODY void scale_body(float *to, const float *from, float k, int64_t n, int first) {
    if (first)
        for (int64_t i = 0; i < n; i++) to[i] = k * from[i];
    else
        for (int64_t i = 0; i < n; i++) to[i] += k * from[i];
}
GD_ISA(scale, (float *to, const float *from, float k, int64_t n, int first),
       (to, from, k, n, first))

/* to[i] = sum of k[t] * from[i + t * step] */
enum { BLOCK = 64 };
GD_ISA_BODY void taps_body(float *to, const float *from, const float *k, int taps, int64_t step,
                           int64_t n) {
    for (int64_t i = 0; i < n; i += BLOCK) {
        float         sum[BLOCK] = {0};
        const int64_t m = n - i < BLOCK ? n - i : BLOCK;
        if (m == BLOCK)
            for (int t = 0; t < taps; t++)
                for (int j = 0; j < BLOCK; j++) sum[j] += k[t] * from[i + t * step + j];
        else
            for (int t = 0; t < taps; t++)
                for (int64_t j = 0; j < m; j++) sum[j] += k[t] * from[i + t * step + j];
        memcpy(to + i, sum, (size_t)m * sizeof *to);
    }
}
GD_ISA(taps, (float *to, const float *from, const float *k, int taps, int64_t step, int64_t n),
       (to, from, k, taps, step, n))

/* v = what becomes of the sums v and u, for values x of the picture. */
GD_ISA_BODY void finish_body(float *v, const float *u, const float *x, float amount, int after,
                             int64_t n) {
    if (after == GDK_AFTER_ABS)
        for (int64_t i = 0; i < n; i++) v[i] = fabsf(v[i]);
    else if (after == GDK_AFTER_LENGTH)
        for (int64_t i = 0; i < n; i++) v[i] = sqrtf(v[i] * v[i] + u[i] * u[i]);
    else if (after == GDK_AFTER_SHARPEN)
        for (int64_t i = 0; i < n; i++) v[i] = x[i] + amount * (x[i] - v[i]);
}
GD_ISA(finish, (float *v, const float *u, const float *x, float amount, int after, int64_t n),
       (v, u, x, amount, after, n))
static void after_row(const job *j, float *v, const float *u, const float *x, int64_t n) {
    finish(v, u, x, j->amount, j->s.after, n);
}

/* line[0 .. W * C) += k * row of x. */
static void add_row(float *line, const gd_tensor *x, int64_t row, float k, int first) {
    const int64_t W = x->dim[2], C = x->dim[3];
    if (gd_tensor_dense(x)) {
        scale(line, GD_AT(const float, x, row *W), k, W * C, first);
        return;
    }
    for (int64_t w = 0; w < W; w++) {
        const float *from = GD_AT(const float, x, row *W + w);
        for (int64_t c = 0; c < C; c++)
            line[w * C + c] = first ? k * from[c] : line[w * C + c] + k * from[c];
    }
}

/* Mirrors `radius` pixels beyond both ends of the W pixels at `line`. */
static void extend(float *line, int64_t W, int64_t C, int radius) {
    for (int64_t i = 1; i <= radius; i++) {
        memcpy(line - i * C, line + gdk_mirror(-i, W) * C, (size_t)C * sizeof *line);
        memcpy(line + (W - 1 + i) * C, line + gdk_mirror(W - 1 + i, W) * C,
               (size_t)C * sizeof *line);
    }
}

static void sum_row(const job *j, int p, const gd_tensor *x, int64_t row, float *line,
                    float *out) {
    const int64_t H = x->dim[1], W = x->dim[2], C = x->dim[3], h = row % H;
    const int     ry = j->s.n_y[p] / 2, rx = j->s.n_x[p] / 2;
    float        *middle = line + EDGE * C;
    for (int i = 0; i < j->s.n_y[p]; i++)
        add_row(middle, x, row - h + gdk_mirror(h + i - ry, H), j->y[p][i], i == 0);
    extend(middle, W, C, rx);
    taps(out, middle - rx * C, j->x[p], j->s.n_x[p], C, W * C);
}

static void run_row(const job *j, const gd_tensor *x, gd_tensor *y, int64_t row, float *line,
                    size_t stride) {
    const int64_t W = x->dim[2], C = x->dim[3];
    const bool    dense = gd_tensor_dense(y);
    float        *v = dense ? GD_AT(float, y, row *W) : line + stride, *u = line + 2 * stride;
    const float  *from = GD_AT(const float, x, row *W);
    sum_row(j, 0, x, row, line, v);
    if (j->s.n_pair > 1) sum_row(j, 1, x, row, line, u);
    if (j->s.after == GDK_AFTER_SHARPEN && !gd_tensor_dense(x)) {
        add_row(line, x, row, 1, 1);
        from = line;
    }
    after_row(j, v, u, from, W * C);
    for (int64_t w = 0; !dense && w < W; w++)
        memcpy(GD_AT(float, y, row *W + w), v + w * C, (size_t)C * sizeof *v);
}

static gd_status run(const gd_launch *l) {
    const gd_tensor *x = l->in[0];
    job             *j = l->scratch;
    const size_t     stride = line_bytes(x) / sizeof(float);
    const int64_t    rows = x->dim[0] * x->dim[1];
    const int        threads = gd_cpu_threads();
    float           *lines = (float *)((char *)l->scratch + aligned(sizeof *j));
    for (int p = 0; p < j->s.n_pair; p++) {
        for (int i = 0; i < j->s.n_y[p]; i++) j->y[p][i] = (float)j->s.y[p][i];
        for (int i = 0; i < j->s.n_x[p]; i++) j->x[p][i] = (float)j->s.x[p][i];
    }
    j->amount = (float)j->s.amount;
    if (gd_tensor_count(x) == 0) return GD_OK;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int t = 0; t < threads; t++)
        for (int64_t r = rows * t / threads; r < rows * (t + 1) / threads; r++)
            run_row(j, x, l->out[0], r, lines + 3 * stride * (size_t)t, stride);
    return GD_OK;
}

gd_status gdk_gaussian_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gdk_gaussian_spell(l->attr, &((job *)l->scratch)->s);
    return run(l);
}

gd_status gdk_sharpen_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gdk_sharpen_spell(l->attr, &((job *)l->scratch)->s);
    return run(l);
}

gd_status gdk_sobel_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gdk_sobel_spell(l->attr, &((job *)l->scratch)->s);
    return run(l);
}
