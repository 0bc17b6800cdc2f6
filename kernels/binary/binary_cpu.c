/* binary_cpu.c -- add and mul vectorised and dealt out to the thread pool; memory-bound. */
#include "kernels/binary/binary.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/spread.h"

#define SPAN (const float *a, const float *b, float *y, int64_t n, const void *attr)

GD_ISA_BODY void add_body SPAN {
    (void)attr;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}
GD_ISA(add, SPAN, (a, b, y, n, attr))

GD_ISA_BODY void mul_body SPAN {
    (void)attr;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = a[i] * b[i];
}
GD_ISA(mul, SPAN, (a, b, y, n, attr))

gd_status gdk_add_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gdk_spread_f32(l, add);
    return GD_OK;
}

gd_status gdk_mul_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    gdk_spread_f32(l, mul);
    return GD_OK;
}
