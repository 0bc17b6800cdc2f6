/* arg.h -- what operators share when they check and address their arguments. */
#ifndef GD_KERNELS_ARG_H
#define GD_KERNELS_ARG_H

#include "engine/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Address of channel vector `pixel` of a tensor, any pitch. */
#define GD_AT(type, t, pixel) ((type *)(t)->data + (pixel) * (t)->pitch)

/* Type of the inputs that stay in full precision beside tensors of type t: the bias of an FP16
 * convolution is FP32. */
static inline gd_dtype gdk_wide(gd_dtype t) { return t == GD_F16 ? GD_F32 : t; }

/* Input i must be there and have ndim axes of extents dim (-1: any). `dtype` GD_F32 stands for
 * the floating type of the launch. `wanted` ends the message: "boxes [B,n,4]". */
gd_status gdk_want(const gd_launch *l, const char *op, int i, gd_dtype dtype, int ndim,
                   const int64_t *dim, const char *wanted, gd_error *err);

/* How many of n rows of picture b count: the optional I32[B] tensor `count`, kept in [0, n]. */
static inline int64_t gdk_count(const gd_tensor *count, int64_t b, int64_t n) {
    if (!count) return n;
    const int64_t c = ((const int32_t *)count->data)[b];
    return c < 0 ? 0 : c > n ? n : c;
}

/* Columns of the geometry tensor [B, GD_GEOM]: where each picture's pixels went. */
enum {
    GD_GEOM_SRC_H,
    GD_GEOM_SRC_W,
    GD_GEOM_NEW_H,
    GD_GEOM_NEW_W,
    GD_GEOM_TOP,
    GD_GEOM_LEFT,
    GD_GEOM_SCALE_Y,
    GD_GEOM_SCALE_X,
    GD_GEOM
};

#ifdef __cplusplus
}
#endif
#endif
