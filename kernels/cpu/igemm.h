/* igemm.h -- convolution as a product of pixels and weight panels (gemm.h), nothing gathered.
 *
 * linear is the case of one tap. A tap outside the picture points at zeros. Where a pixel has
 * few channels, a whole row of taps is one run of memory, copied only at the picture's edge. */
#ifndef GD_KERNELS_CPU_IGEMM_H
#define GD_KERNELS_CPU_IGEMM_H

#include "kernels/cpu/gemm.h"

typedef struct gdk_igemm_shape {
    int64_t N, H, W, C; /* input picture and its channels */
    int64_t P, Q, K;    /* output plane and filters */
    int64_t R, S, groups;
    int64_t stride[2], pad[2], dilation[2]; /* pad: top, left */
} gdk_igemm_shape;

/* Weights [K][R][S][C / groups] into panels. */
int64_t gdk_igemm_packed(const gdk_igemm_shape *s); /* floats */
void    gdk_igemm_pack(const gdk_igemm_shape *s, const float *w, float *packed);
/* Bytes of scratch that gdk_igemm_run wants. */
size_t gdk_igemm_scratch(const gdk_igemm_shape *s, int threads);
/* x at x_pitch, packed weights, bias or NULL; output, steps and scratch are the launch's. */
void gdk_igemm_run(const gdk_igemm_shape *s, const float *x, int64_t x_pitch,
                   const float *packed, const float *bias, const gd_launch *l, int threads);

/* Rows for a launch of x, w [K, ...], bias whose shape the caller has filled in. State is a
 * gdk_panels; weights that are not constant are packed at each run. */
size_t    gdk_igemm_row_scratch(const gdk_igemm_shape *s, const gd_launch *l,
                                const gd_device_caps *dev);
gd_status gdk_igemm_row_prepare(const gdk_igemm_shape *s, const gd_launch *l,
                                const gd_device_caps *dev, void **state, gd_error *err);
void      gdk_igemm_row_run(const gdk_igemm_shape *s, const gd_launch *l);

#endif
