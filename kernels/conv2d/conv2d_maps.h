/* conv2d_maps.h -- tensor maps of Hopper copies, as convolutions and their gradients use them.
 *
 * Maps hold addresses, so they are made at each launch that is not a replay. All of halves, in
 * the 128-byte swizzle, 64 channels wide; zeros come from outside. */
#ifndef GD_KERNELS_CONV2D_CONV2D_MAPS_H
#define GD_KERNELS_CONV2D_CONV2D_MAPS_H

#include <cuda.h>
#include <cudaTypedefs.h>

#include "kernels/conv2d/conv2d_shape.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_MAP_CHANNELS = 64 };

typedef struct gdk_maps {
    PFN_cuTensorMapEncodeIm2col_v12000 im2col;
    PFN_cuTensorMapEncodeTiled_v12000  tiled;
} gdk_maps;

/* The driver's own functions, found through the runtime: nothing links libcuda. */
gd_status gdk_maps_find(gdk_maps *m, gd_error *err);
/* What im2col can express: corners of a byte, offsets of a byte. */
bool gdk_map_window_fits(const gdk_conv2d_shape *s);
/* `pixels` output pixels of s at a time under one tap of its filter; x [N, H, W, C] at `pitch`
 * elements, a multiple of 8. */
gd_status gdk_map_im2col(const gdk_maps *m, const gdk_conv2d_shape *s, const void *x,
                         int64_t pitch, int pixels, CUtensorMap *map, gd_error *err);
/* Boxes of `high` rows of a matrix whose rows are `pitch` elements apart, a multiple of 8. */
gd_status gdk_map_matrix(const gdk_maps *m, const void *at, int64_t rows, int64_t cols,
                         int64_t pitch, int high, CUtensorMap *map, gd_error *err);

#ifdef __cplusplus
}
#endif
#endif
