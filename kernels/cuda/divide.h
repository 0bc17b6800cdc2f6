/* divide.h -- division by a number that is fixed for a launch, as a multiplication.
 *
 * Exact for 0 <= n < 2^31 (Granlund and Montgomery, "Division by invariant integers using
 * multiplication", figure 4.1 with 32 bits). */
#ifndef GD_KERNELS_CUDA_DIVIDE_H
#define GD_KERNELS_CUDA_DIVIDE_H

#include <stdint.h>

#include "kernels/cuda/host_device.h"

typedef struct gdk_divisor {
    uint32_t d, multiply, shift;
} gdk_divisor;

/* 1 <= d < 2^31 */
static inline gdk_divisor gdk_divisor_make(uint32_t d) {
    gdk_divisor v = {d, 0, 0};
    while ((UINT64_C(1) << v.shift) < d) v.shift++;
    v.multiply = (uint32_t)(((UINT64_C(1) << 32) * ((UINT64_C(1) << v.shift) - d)) / d + 1);
    return v;
}

static inline GD_HOST_DEVICE uint32_t gdk_divide(uint32_t n, const gdk_divisor *v) {
#ifdef __CUDA_ARCH__
    const uint32_t high = __umulhi(n, v->multiply);
#else
    const uint32_t high = (uint32_t)((uint64_t)n * v->multiply >> 32);
#endif
    return (high + n) >> v->shift;
}

#endif
