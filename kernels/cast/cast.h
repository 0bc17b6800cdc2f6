/* cast.h -- y = x in another floating-point type.
 *
 *   to F16   rounded to the nearest half, ties to even; beyond 65504 infinite
 *   to F32   exact
 *
 * The double build keeps its own width, as everywhere in the definitions: there `to` F16 rounds
 * each value to a half and stores it as a double, and `to` F32 changes nothing. So a graph in
 * f64 stays one in f64, and what follows sees the values that would have been stored.
 *
 * The gradient is a cast to the type of x. May be absorbed by a producer. */
#ifndef GD_KERNELS_CAST_H
#define GD_KERNELS_CAST_H

#include "kernels/rows.h"

typedef struct gd_cast {
    int32_t to; /* GD_F32 or GD_F16 of gd_dtype */
} gd_cast;

GD_REF_DECLARE(cast)
gd_status gdk_cast_cpu(const gd_launch *l, gd_error *err);

#endif
