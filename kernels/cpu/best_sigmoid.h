/* best_sigmoid.h -- the class of the largest sigmoid, with few sigmoids computed.
 *
 * The best class is that of the largest logit, except that logits which differ may have equal
 * sigmoids in float32, where the definitions want the lower class; only logits that close are
 * looked at. */
#ifndef GD_KERNELS_CPU_BEST_SIGMOID_H
#define GD_KERNELS_CPU_BEST_SIGMOID_H

#include <math.h>
#include <stdint.h>

#include "kernels/cpu/isa.h"

static inline float gdk_sigmoid(float x) { return 1 / (1 + expf(-x)); }

GD_ISA_BODY void gdk_largest_body(const float *v, int64_t n, float *out) {
    float m = v[0];
    for (int64_t i = 1; i < n; i++) m = v[i] > m ? v[i] : m;
    *out = m;
}
GD_ISA(gdk_largest, (const float *v, int64_t n, float *out), (v, n, out))

/* sigmoid(x) with x above 8 is within 4e-4 of 1: there distant logits can be equal. */
static inline int64_t gdk_best_sigmoid(const float *v, int64_t n, float *probability) {
    float most;
    gdk_largest(v, n, &most);
    *probability = gdk_sigmoid(most);
    const float near = (most > 8 ? 8 : most) - 0.01f;
    for (int64_t c = 0; c < n; c++)
        if (v[c] >= near && gdk_sigmoid(v[c]) >= *probability) return c;
    return 0; /* only NaN gets here */
}

#endif
