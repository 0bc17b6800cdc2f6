/* round.h -- float arithmetic that rounds once a step, on the host and on a device.
 *
 * A CUDA compiler joins a * b + c to one fused operation unless it is told otherwise; where a
 * result must equal the reference's to the bit, it is written with these. Host code is built
 * without contraction. */
#ifndef GD_KERNELS_CUDA_ROUND_H
#define GD_KERNELS_CUDA_ROUND_H

#include "kernels/cuda/host_device.h"

static inline GD_HOST_DEVICE float gdk_mul(float a, float b) {
#ifdef __CUDA_ARCH__
    return __fmul_rn(a, b);
#else
    return a * b;
#endif
}

static inline GD_HOST_DEVICE float gdk_add(float a, float b) {
#ifdef __CUDA_ARCH__
    return __fadd_rn(a, b);
#else
    return a + b;
#endif
}

static inline GD_HOST_DEVICE float gdk_sub(float a, float b) { return gdk_add(a, -b); }

#endif
