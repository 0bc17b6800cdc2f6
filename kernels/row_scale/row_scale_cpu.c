/* row_scale_cpu.c -- filters dealt out to the thread pool; memory-bound. */
#include "kernels/cpu/isa.h"
#include "kernels/cpu/spread.h"
#include "kernels/row_scale/row_scale.h"

#define ROW (const float *x, float s, float *y, int64_t n)

GD_ISA_BODY void scale_body ROW {
#pragma omp                 simd
    for (int64_t i = 0; i < n; i++) y[i] = x[i] * s;
}
GD_ISA(scale, ROW, (x, s, y, n))

static void rows(void *ctx, int64_t first, int64_t last) {
    const gd_launch *l = ctx;
    const int64_t    n = gd_tensor_count(l->in[0]) / l->in[0]->dim[0];
    for (int64_t k = first; k < last; k++)
        scale((const float *)l->in[0]->data + k * n, ((const float *)l->in[1]->data)[k],
              (float *)l->out[0]->data + k * n, n);
}

gd_status gdk_row_scale_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gd_launch     copy = *l;
    const int64_t K = l->in[0]->dim[0];
    if (gd_tensor_count(l->in[0]) > 0)
        gdk_spread_pixels(K, (size_t)(gd_tensor_count(l->in[0]) / K) * 2 * sizeof(float), rows,
                          &copy);
    return GD_OK;
}
