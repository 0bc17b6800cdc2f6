/* norm_back.h -- what gradients of norms over pixels share: sums of d_y and of d_y times the
 * centred input, then the values. */
#ifndef GD_KERNELS_CPU_NORM_BACK_H
#define GD_KERNELS_CPU_NORM_BACK_H

#include "kernels/cpu/sums.h"

/* sum of d, then sum of d (x - mean), over pixels [first, first + pixels): 2 C doubles in
 * scratch, which has gdk_sums_scratch(pixels, 2 C) bytes. mean NULL: 0. */
const double *gdk_norm_back_sums(const gd_tensor *d, const gd_tensor *x, int64_t first,
                                 int64_t pixels, const float *mean, void *scratch);

/* out = scale d - offset - slope (x - mean), each a vector of the channels; slope NULL:
 * scale d. */
typedef struct gdk_norm_back {
    const gd_tensor *d, *x;
    gd_tensor       *out;
    const float     *mean, *scale, *offset, *slope;
} gdk_norm_back;
void gdk_norm_back_store(const gdk_norm_back *b, int64_t first, int64_t pixels);

#endif
