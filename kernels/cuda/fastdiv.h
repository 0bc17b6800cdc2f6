/* fastdiv.h -- division by a number known before a launch, as a multiplication in the kernel.
 *
 * n / d = (mulhi(n, mul) + n) >> shift for 0 <= n < 2^31, 1 <= d < 2^31 (Granlund and
 * Montgomery, "Division by invariant integers using multiplication", 1994). */
#ifndef GD_KERNELS_CUDA_FASTDIV_H
#define GD_KERNELS_CUDA_FASTDIV_H

#include <stdint.h>

#include "kernels/cuda/host_device.h"

typedef struct gdk_fastdiv {
    uint32_t d, mul, shift;
} gdk_fastdiv;

static inline gdk_fastdiv gdk_fastdiv_by(int64_t divisor) {
    const uint64_t d = (uint64_t)divisor;
    gdk_fastdiv    f = {(uint32_t)d, 0, 0};
    while (((uint64_t)1 << f.shift) < d) f.shift++;
    f.mul = (uint32_t)((((((uint64_t)1 << f.shift) - d) << 32) / d) + 1);
    return f;
}

static inline GD_HOST_DEVICE uint32_t gdk_divide(uint32_t n, const gdk_fastdiv *f) {
#ifdef __CUDA_ARCH__
    const uint32_t high = __umulhi(n, f->mul);
#else
    const uint32_t high = (uint32_t)((uint64_t)n * f->mul >> 32);
#endif
    return (high + n) >> f->shift;
}

static inline GD_HOST_DEVICE int32_t gdk_fastdiv_quotient(int32_t n, const gdk_fastdiv *f) {
    return (int32_t)gdk_divide((uint32_t)n, f);
}

#endif
