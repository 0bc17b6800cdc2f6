/* conv2d_omp.c -- convolution on the CPU without a library: products of pixels and panels. */
#include "kernels/conv2d/conv2d.h"
#include "kernels/cpu/igemm.h"
#include "kernels/cpu/steps.h"

static gdk_igemm_shape shape_of(const gd_launch *l) {
    const gd_conv2d *a = l->attr;
    const gd_tensor *x = l->in[0], *w = l->in[1], *y = l->out[0];
    return (gdk_igemm_shape){.N = x->dim[0],
                             .H = x->dim[1],
                             .W = x->dim[2],
                             .C = x->dim[3],
                             .P = y->dim[1],
                             .Q = y->dim[2],
                             .K = y->dim[3],
                             .R = w->dim[1],
                             .S = w->dim[2],
                             .groups = a->groups,
                             .stride = {a->stride[0], a->stride[1]},
                             .pad = {a->pad[0], a->pad[1]},
                             .dilation = {a->dilation[0], a->dilation[1]}};
}

bool gdk_conv2d_omp_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gd_tensor_dense(l->in[1]) && gdk_steps_fit(l);
}

size_t gdk_conv2d_omp_scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gdk_igemm_shape s = shape_of(l);
    return gdk_igemm_row_scratch(&s, l, dev);
}

gd_status gdk_conv2d_omp_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                 gd_error *err) {
    const gdk_igemm_shape s = shape_of(l);
    return gdk_igemm_row_prepare(&s, l, dev, state, err);
}

gd_status gdk_conv2d_omp_run(const gd_launch *l, gd_error *err) {
    (void)err;
    const gdk_igemm_shape s = shape_of(l);
    gdk_igemm_row_run(&s, l);
    return GD_OK;
}
