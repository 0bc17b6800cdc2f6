/* reshape.h -- the same elements, row-major, under another shape. Any type. */
#ifndef GD_KERNELS_RESHAPE_H
#define GD_KERNELS_RESHAPE_H

#include "kernels/rows.h"

typedef struct gd_reshape {
    int32_t ndim;
    int32_t dim[6]; /* one may be -1: whatever is left */
} gd_reshape;

GD_REF_DECLARE(reshape)
gd_status gdk_reshape_cpu(const gd_launch *l, gd_error *err);

#endif
