/* normal.h -- the tail of the normal distribution, of which gelu is made, without branches.
 *
 *   P(X < -t) = exp(-t^2 / 2) r(v),  v = 0.35 t / (1 + 0.35 t),  t >= 0
 *
 * with a polynomial r, exactly 1/2 at 0, fitted so that the probability is wrong by at most
 * 6e-9 beyond rounding. Callers bring their own exponential and division. */
#ifndef GD_KERNELS_ACTIVATION_NORMAL_H
#define GD_KERNELS_ACTIVATION_NORMAL_H

#include "kernels/cuda/host_device.h"

#define GDK_NORMAL_SLOPE 0.35f

static inline __attribute__((always_inline)) GD_HOST_DEVICE float gdk_normal_ratio(float v) {
    float r = 0.04940270699f;
    r = r * v + 0.01278360251f;
    r = r * v - 0.1590475478f;
    r = r * v - 0.1594377805f;
    r = r * v + 0.9009530149f;
    r = r * v - 1.1398344f;
    return r * v + 0.5f;
}

#endif
