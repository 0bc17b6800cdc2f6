/* columns.h -- from a tensor to the plan of sums over its pixels. */
#ifndef GD_KERNELS_CUDA_COLUMNS_H
#define GD_KERNELS_CUDA_COLUMNS_H

#include "kernels/cuda/columns_pick.h"
#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Values [.., C] of `pictures` pictures are halves or floats and can be counted. For fits. */
static inline bool gdk_columns_fit(const gd_tensor *x, int64_t pictures) {
    return gdk_half_or_wide(x) && gd_tensor_channels(x) < 65535 * 32 && pictures <= 65535 &&
           gd_tensor_pixels(x) < INT32_MAX;
}

/* `vec`: pixels of all tensors begin at 16-byte boundaries. */
static inline gdk_columns gdk_columns_of(const gd_tensor *x, int64_t pictures, bool vec) {
    const int64_t C = gd_tensor_channels(x), all = pictures ? pictures : 1;
    const int     V = x->dtype == GD_F16 ? 8 : 4;
    gdk_columns   s =
        gdk_columns_plan(gd_tensor_pixels(x) / all, all, C, vec && C % V == 0 ? V : 1);
    return s;
}

/* Bytes of scratch for n sums a channel, however the pixels are aligned: sums of single
 * channels and of vectors are cut differently. */
static inline size_t gdk_columns_room(const gd_tensor *x, int64_t pictures, int n) {
    if (gd_tensor_channels(x) == 0) return 0;
    const gdk_columns one = gdk_columns_of(x, pictures, false);
    const gdk_columns many = gdk_columns_of(x, pictures, true);
    const size_t      a = gdk_columns_floats(&one, n), b = gdk_columns_floats(&many, n);
    return (a > b ? a : b) * sizeof(float);
}

#ifdef __cplusplus
}
#endif
#endif
