/* softmax_cpu.c -- softmax, a row at a time: maximum, exponentials with their sum, division;
 * and its gradient.
 *
 * Sixteen partial sums, added in a fixed order: the same bits whatever the instruction set. */
#include "kernels/arg.h"
#include "kernels/cpu/lanes.h"
#include "kernels/cpu/spread.h"
#include "kernels/cpu/vmath.h"
#include "kernels/softmax/softmax.h"

enum { LANES = 16 };

GD_ISA_BODY void softmax_row_body(const float *x, float *y, int64_t n) {
    float top[LANES], sum[LANES] = {0};
    for (int k = 0; k < LANES; k++) top[k] = -__builtin_inff();
    const int64_t whole = n - n % LANES;
    for (int64_t i = 0; i < whole; i += LANES)
        for (int k = 0; k < LANES; k++) top[k] = x[i + k] > top[k] ? x[i + k] : top[k];
    for (int64_t i = whole; i < n; i++) top[0] = x[i] > top[0] ? x[i] : top[0];
    for (int k = 1; k < LANES; k++) top[0] = top[k] > top[0] ? top[k] : top[0];
    const float max = top[0];
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = gd_exp_f32(x[i] - max);
    for (int64_t i = 0; i < whole; i += LANES)
        for (int k = 0; k < LANES; k++) sum[k] += y[i + k];
    for (int64_t i = whole; i < n; i++) sum[i - whole] += y[i];
    for (int k = 1; k < LANES; k++) sum[0] += sum[k];
    const float total = sum[0];
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] /= total;
}
GD_ISA(softmax_row, (const float *x, float *y, int64_t n), (x, y, n))

static void softmax_rows(void *ctx, int64_t first, int64_t last) {
    const gd_launch *l = ctx;
    for (int64_t p = first; p < last; p++)
        softmax_row((const float *)l->in[0]->data + p * l->in[0]->pitch,
                    (float *)l->out[0]->data + p * l->out[0]->pitch,
                    gd_tensor_channels(l->in[0]));
}

#define BACK (const float *d, const float *y, float *out, int64_t n)
GD_ISA_BODY void back_row_body BACK {
    float dot;
    GD_LANES_SUM(dot, n, d[i] * y[i]);
#pragma omp simd
    for (int64_t i = 0; i < n; i++) out[i] = y[i] * (d[i] - dot);
}
GD_ISA(back_row, BACK, (d, y, out, n))

static void back_rows(void *ctx, int64_t first, int64_t last) {
    const gd_launch *l = ctx;
    for (int64_t p = first; p < last; p++)
        back_row(GD_AT(const float, l->in[0], p), GD_AT(const float, l->in[1], p),
                 GD_AT(float, l->out[0], p), gd_tensor_channels(l->in[0]));
}

gd_status gdk_softmax_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gd_launch copy = *l;
    gdk_spread_pixels(gd_tensor_pixels(l->in[0]),
                      (size_t)gd_tensor_channels(l->in[0]) * 3 * sizeof(float), back_rows,
                      &copy);
    return GD_OK;
}

gd_status gdk_softmax_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gd_launch copy = *l;
    gdk_spread_pixels(gd_tensor_pixels(l->in[0]),
                      (size_t)gd_tensor_channels(l->in[0]) * 4 * sizeof(float), softmax_rows,
                      &copy);
    return GD_OK;
}
