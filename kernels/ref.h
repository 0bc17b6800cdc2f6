/* ref.h -- lets one *_ref.c be compiled as float and as double.
 *
 * GD_REF(conv2d) is gdk_conv2d_ref_f32 in the float build and gdk_conv2d_ref_f64 in the double
 * build; gd_real is the element type; GD_REAL(0.5) is a literal of it. Include it in *_ref.c
 * files only; headers that both sides share declare both names with GD_REF_DECLARE (rows.h). */
#ifndef GD_KERNELS_REF_H
#define GD_KERNELS_REF_H

#include <math.h>

#include "engine/op.h"

#ifndef GD_REAL_IS_DOUBLE
#error "ref.h belongs in *_ref.c files, which the build compiles twice"
#endif

#if GD_REAL_IS_DOUBLE
typedef double gd_real;
#define GD_REF(name) gdk_##name##_ref_f64
#define GD_REAL_DTYPE GD_F64
#else
typedef float gd_real;
#define GD_REF(name) gdk_##name##_ref_f32
#define GD_REAL_DTYPE GD_F32
#endif
#define GD_REAL(x) ((gd_real)(x))

/* Channel vector `p` of a tensor of gd_real, at any pitch. */
static inline const gd_real *gd_pixel(const gd_tensor *t, int64_t p) {
    return (const gd_real *)t->data + p * t->pitch;
}
static inline gd_real *gd_pixel_out(gd_tensor *t, int64_t p) {
    return (gd_real *)t->data + p * t->pitch;
}

#endif
