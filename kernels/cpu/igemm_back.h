/* igemm_back.h -- the two gradients of convolution as products of panels; see igemm.h.
 *
 * The shape is that of the forward convolution: x [N, H, W, C], w [K, R, S, C / groups],
 * y [N, P, Q, K]; a linear layer is the case of one tap and one line. Every tensor may have any
 * pitch. Each element of a result is summed by one thread in an order that the shape alone
 * decides, so the bits depend neither on the number of threads nor on which of them was faster.
 *
 * Launches: in[0] = dy; in[1] = w and out[0] = dx, or in[1] = x and out[0] = dw. */
#ifndef GD_KERNELS_CPU_IGEMM_BACK_H
#define GD_KERNELS_CPU_IGEMM_BACK_H

#include "kernels/cpu/igemm.h"

/* State: the number of threads that scratch was sized for; released by gd_mem_put. */
gd_status gdk_igemm_back_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                 gd_error *err);

/* dx. Pixels fall into stride[0] * stride[1] classes, each of which meets the same taps: a
 * convolution of stride 1 of dy with those. Weights are packed at each run. */
size_t gdk_igemm_data_scratch(const gdk_igemm_shape *s, const gd_device_caps *dev);
void   gdk_igemm_data_run(const gdk_igemm_shape *s, const gd_launch *l);

/* dw, a block of filters and columns a task, over all pixels. */
size_t gdk_igemm_weight_scratch(const gdk_igemm_shape *s, const gd_device_caps *dev);
void   gdk_igemm_weight_run(const gdk_igemm_shape *s, const gd_launch *l);

/* Pixels of x along one axis that lie `stride` apart and meet the same taps. Pixel i of the
 * class, first + i * stride, meets taps tap + j * tap_step, j < taps, each with output
 * from + i - j * from_step, where that lies inside. */
typedef struct gdk_class {
    int64_t first, count;
    int64_t tap, tap_step, taps;
    int64_t from, from_step;
} gdk_class;

/* Class `which` < stride of an axis of `in` pixels and `size` taps. Arguments below 2^31. */
gdk_class gdk_class_of(int64_t which, int64_t in, int64_t size, int64_t stride, int64_t before,
                       int64_t dilation);

#endif
