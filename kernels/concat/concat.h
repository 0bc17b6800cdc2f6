/* concat.h -- inputs laid one after another along an axis.
 *
 * All inputs agree in every other extent and in type; 1 to 16 inputs, any type. */
#ifndef GD_KERNELS_CONCAT_H
#define GD_KERNELS_CONCAT_H

#include "kernels/rows.h"

typedef struct gd_concat {
    int32_t axis; /* negative: counted from the end */
} gd_concat;

GD_REF_DECLARE(concat)
gd_status gdk_concat_cpu(const gd_launch *l, gd_error *err);

#endif
