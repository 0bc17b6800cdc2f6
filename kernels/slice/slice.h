/* slice.h -- x[..., start : stop : step, ...] along one axis, with Python's rules.
 *
 * Negative start and stop count from the end and both are clipped to the extent; step >= 1; at
 * least one element must remain. Any type. */
#ifndef GD_KERNELS_SLICE_H
#define GD_KERNELS_SLICE_H

#include "kernels/rows.h"

typedef struct gd_slice {
    int32_t axis; /* negative: counted from the end */
    int32_t start, stop;
    int32_t step;
} gd_slice;

/* The gradient: d_y goes to start, start + step, ... of an axis of `size`, zero elsewhere. */
typedef struct gd_slice_bwd {
    int32_t axis, start, step, size;
} gd_slice_bwd;

GD_REF_DECLARE(slice)
GD_REF_DECLARE(slice_bwd)
gd_status gdk_slice_cpu(const gd_launch *l, gd_error *err);
gd_status gdk_slice_bwd_cpu_f32(const gd_launch *l, gd_error *err);

/* start with negative values resolved and clipped to [0, extent]. */
static inline int64_t gdk_slice_bound(int32_t at, int64_t extent) {
    const int64_t i = at < 0 ? at + extent : at;
    return i < 0 ? 0 : i > extent ? extent : i;
}

#endif
