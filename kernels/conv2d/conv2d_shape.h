/* conv2d_shape.h -- the extents of a convolution, or of a linear layer, by their letters. */
#ifndef GD_KERNELS_CONV2D_CONV2D_SHAPE_H
#define GD_KERNELS_CONV2D_CONV2D_SHAPE_H

#include "kernels/conv2d/conv2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/* x [N, H, W, C], w [K, R, S, C], y [N, P, Q, K]. A linear layer is a 1x1 convolution of a
 * picture of one line, a pixel a row. */
typedef struct gdk_conv2d_shape {
    const gd_conv2d *a; /* static, or the launch's own */
    int64_t          N, H, W, C, K, R, S, P, Q;
} gdk_conv2d_shape;

static inline gdk_conv2d_shape gdk_conv2d_shape_of(const gd_launch *l, bool linear) {
    static const gd_conv2d point = {{1, 1}, {0, 0, 0, 0}, {1, 1}, 1};
    const gd_tensor       *x = l->in[0], *w = l->in[1], *y = l->out[0];
    const int64_t          rows = gd_tensor_pixels(x);
    const gdk_conv2d_shape line = {&point, 1, 1, rows, w->dim[1], w->dim[0], 1, 1, 1, rows};
    if (linear) return line;
    const gdk_conv2d_shape plane = {(const gd_conv2d *)l->attr,
                                    x->dim[0],
                                    x->dim[1],
                                    x->dim[2],
                                    x->dim[3],
                                    w->dim[0],
                                    w->dim[1],
                                    w->dim[2],
                                    y->dim[1],
                                    y->dim[2]};
    return plane;
}

#ifdef __cplusplus
}
#endif
#endif
