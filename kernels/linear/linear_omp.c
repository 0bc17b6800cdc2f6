/* linear_omp.c -- the fully connected layer on the CPU without a library: one tap a pixel. */
#include "kernels/cpu/igemm.h"
#include "kernels/cpu/steps.h"
#include "kernels/linear/linear.h"

/* The rows of x as one line of pixels. */
static gdk_igemm_shape shape_of(const gd_launch *l) {
    const int64_t m = gd_tensor_pixels(l->in[0]);
    return (gdk_igemm_shape){.N = 1,
                             .H = 1,
                             .W = m,
                             .C = l->in[1]->dim[1],
                             .P = 1,
                             .Q = m,
                             .K = l->in[1]->dim[0],
                             .R = 1,
                             .S = 1,
                             .groups = 1,
                             .stride = {1, 1},
                             .dilation = {1, 1}};
}

bool gdk_linear_omp_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gd_tensor_dense(l->in[1]) && gdk_steps_fit(l);
}

size_t gdk_linear_omp_scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gdk_igemm_shape s = shape_of(l);
    return gdk_igemm_row_scratch(&s, l, dev);
}

gd_status gdk_linear_omp_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                 gd_error *err) {
    const gdk_igemm_shape s = shape_of(l);
    return gdk_igemm_row_prepare(&s, l, dev, state, err);
}

gd_status gdk_linear_omp_run(const gd_launch *l, gd_error *err) {
    (void)err;
    const gdk_igemm_shape s = shape_of(l);
    gdk_igemm_row_run(&s, l);
    return GD_OK;
}
