/* to_bytes.h -- values 0 .. 255 to pixels: y = the nearest whole number, kept in that range.
 *
 *   in 0  x [..., C], floating;  out  y U8 of the same shape
 *
 * Halves go to the even neighbour; NaN becomes 0. It has no gradient. */
#ifndef GD_KERNELS_TO_BYTES_H
#define GD_KERNELS_TO_BYTES_H

#include "kernels/rows.h"

GD_REF_DECLARE(to_bytes)
gd_status gdk_to_bytes_cpu_f32(const gd_launch *l, gd_error *err);

#endif
