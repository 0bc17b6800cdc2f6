/* norm.c -- the last pass of a norm on the CPU: values, then absorbed activations. */
#include "kernels/cpu/norm.h"

#include "kernels/cpu/isa.h"

enum { NEAR = 2048 }; /* floats that the first cache still holds when the steps come */

#define VALUES                                                                           \
    (const float *x, const float *mean, const float *scale, const float *beta, float *y, \
     int64_t n)

GD_ISA_BODY void values_body VALUES {
#pragma omp                  simd
    for (int64_t c = 0; c < n; c++) y[c] = (x[c] - mean[c]) * scale[c] + beta[c];
}
GD_ISA(values, VALUES, (x, mean, scale, beta, y, n))

void gdk_norm_store(const gdk_norm *a, const gdk_steps *s, int64_t pixel, int64_t count) {
    const int64_t most = a->n < NEAR ? NEAR / a->n : 1;
    float        *y = s->out + pixel * s->out_pitch + a->k;
    for (int64_t first = 0; first < count; first += most) {
        const int64_t n = count - first < most ? count - first : most;
        for (int64_t p = first; p < first + n; p++)
            values(a->x + p * a->x_pitch, a->mean, a->scale, a->beta, y + p * s->out_pitch,
                   a->n);
        gdk_steps_apply(s, pixel + first, n, a->k, a->n);
    }
}
