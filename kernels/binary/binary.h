/* binary.h -- add and mul: pointwise functions of two tensors of one shape.
 *
 * Both may overwrite their first input and may be absorbed by its producer (a residual). */
#ifndef GD_KERNELS_BINARY_H
#define GD_KERNELS_BINARY_H

#include "kernels/rows.h"

GD_REF_DECLARE(add)
GD_REF_DECLARE(mul)
gd_status gdk_add_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_mul_cpu_f32(const gd_launch *l, gd_error *err);

#endif
