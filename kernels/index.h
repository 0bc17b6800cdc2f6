/* index.h -- coordinates of elements, for the definitions that move data; clear, not fast.
 *
 * A logical index counts row-major over the shape; an offset counts elements in memory and
 * knows
 * the pitch. */
#ifndef GD_KERNELS_INDEX_H
#define GD_KERNELS_INDEX_H

#include "engine/op.h"

/* Coordinates of logical index i. */
static inline void gd_index_split(const gd_tensor *t, int64_t i, int64_t at[GD_MAX_DIM]) {
    for (int k = t->ndim - 1; k >= 0; k--) {
        at[k] = i % t->dim[k];
        i /= t->dim[k];
    }
}

/* Offset in elements of the element at these coordinates. */
static inline int64_t gd_index_join(const gd_tensor *t, const int64_t at[GD_MAX_DIM]) {
    int64_t pixel = 0;
    if (t->ndim == 0) return 0;
    for (int k = 0; k + 1 < t->ndim; k++) pixel = pixel * t->dim[k] + at[k];
    return pixel * t->pitch + at[t->ndim - 1];
}

/* axis counted from the end when negative; -1 when there is no such axis. */
static inline int gd_index_axis(const gd_tensor *t, int32_t axis) {
    const int32_t a = axis < 0 ? axis + t->ndim : axis;
    return a >= 0 && a < t->ndim ? (int)a : -1;
}

/* Products of the extents before the axis, and between it and the channels. */
static inline void gd_index_around(const gd_tensor *t, int axis, int64_t *outer,
                                   int64_t *inner) {
    *outer = *inner = 1;
    for (int k = 0; k < axis; k++) *outer *= t->dim[k];
    for (int k = axis + 1; k + 1 < t->ndim; k++) *inner *= t->dim[k];
}

#endif
