/* row_scale.h -- y[k, ...] = w[k, ...] * s[k]: every filter by a number of its own.
 *
 * Inputs: w [K, ...] (filters [K, R, S, C], rows [K, C], a bias [K]), s [K] of w's type. What a
 * frozen batch norm behind a layer becomes where the layer's weights train: the scale goes into
 * the weights at every step, and no norm is left among the activations. s is a constant of the
 * model: no gradient. */
#ifndef GD_KERNELS_ROW_SCALE_H
#define GD_KERNELS_ROW_SCALE_H

#include "kernels/rows.h"

GD_REF_DECLARE(row_scale)
gd_status gdk_row_scale_cpu_f32(const gd_launch *l, gd_error *err);

#endif
