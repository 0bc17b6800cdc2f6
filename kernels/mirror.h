/* mirror.h -- the border of filters: 2 1 | 0 1 2 3 | 2 1, for C files and kernels. */
#ifndef GD_KERNELS_MIRROR_H
#define GD_KERNELS_MIRROR_H

#include <stdint.h>

#include "kernels/cuda/host_device.h"

/* Index i of a line of n, mirrored at its ends as often as needed, without repeating them. */
static inline GD_HOST_DEVICE int64_t gdk_mirror(int64_t i, int64_t n) {
    if (i >= 0 && i < n) return i;
    if (n == 1) return 0;
    const int64_t period = 2 * (n - 1);
    i %= period;
    if (i < 0) i += period;
    return i < n ? i : period - i;
}

#endif
