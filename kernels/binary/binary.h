/* binary.h -- add and mul: pointwise functions of two tensors of one shape.
 *
 * Both may overwrite their first input and may be absorbed by its producer (a residual). The
 * second input of mul may also be [N,1,..,1,C] beside [N,..,C]: a gate for each channel of each
 * picture (squeeze and excitation). mul_bwd is that gate's gradient:
 *
 *   d_gate[n][c] = sum over p of d_y[n][p][c] x[n][p][c] */
#ifndef GD_KERNELS_BINARY_H
#define GD_KERNELS_BINARY_H

#include "kernels/rows.h"

GD_REF_DECLARE(add)
GD_REF_DECLARE(mul)
GD_REF_DECLARE(mul_bwd)
gd_status gdk_add_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_mul_cpu_f32(const gd_launch *l, gd_error *err);

#endif
