/* linear_omp.c -- the fully connected layer on the CPU without a library: one tap a pixel. */
#include "kernels/cpu/igemm_back.h"
#include "kernels/cpu/steps.h"
#include "kernels/linear/linear.h"

/* The rows of x as one line of pixels; w [K, C] or its gradient. */
static gdk_igemm_shape shape_of(const gd_tensor *rows, const gd_tensor *w) {
    const int64_t m = gd_tensor_pixels(rows);
    return (gdk_igemm_shape){.N = 1,
                             .H = 1,
                             .W = m,
                             .C = w->dim[1],
                             .P = 1,
                             .Q = m,
                             .K = w->dim[0],
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
    const gdk_igemm_shape s = shape_of(l->in[0], l->in[1]);
    return gdk_igemm_row_scratch(&s, l, dev);
}

gd_status gdk_linear_omp_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                 gd_error *err) {
    const gdk_igemm_shape s = shape_of(l->in[0], l->in[1]);
    return gdk_igemm_row_prepare(&s, l, dev, state, err);
}

gd_status gdk_linear_omp_run(const gd_launch *l, gd_error *err) {
    (void)err;
    const gdk_igemm_shape s = shape_of(l->in[0], l->in[1]);
    gdk_igemm_row_run(&s, l);
    return GD_OK;
}

size_t gdk_linear_bwd_data_omp_scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gdk_igemm_shape s = shape_of(l->in[0], l->in[1]);
    return gdk_igemm_data_scratch(&s, dev);
}

gd_status gdk_linear_bwd_data_omp_run(const gd_launch *l, gd_error *err) {
    (void)err;
    const gdk_igemm_shape s = shape_of(l->in[0], l->in[1]);
    gdk_igemm_data_run(&s, l);
    return GD_OK;
}

size_t gdk_linear_bwd_weight_omp_scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gdk_igemm_shape s = shape_of(l->in[0], l->out[0]);
    return gdk_igemm_weight_scratch(&s, dev);
}

gd_status gdk_linear_bwd_weight_omp_run(const gd_launch *l, gd_error *err) {
    (void)err;
    const gdk_igemm_shape s = shape_of(l->in[0], l->out[0]);
    gdk_igemm_weight_run(&s, l);
    return GD_OK;
}
