/* conv2d_back.c -- the gradients of convolution on the CPU without a library. */
#include "kernels/conv2d/conv2d.h"
#include "kernels/cpu/igemm_back.h"

/* The forward convolution. `a` is the first member of both attributes. */
static gdk_igemm_shape shape_of(const gd_conv2d *a, const gd_tensor *x, const gd_tensor *w,
                                const gd_tensor *y) {
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

size_t gdk_conv2d_bwd_data_omp_scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gdk_igemm_shape s = shape_of(l->attr, l->out[0], l->in[1], l->in[0]);
    return gdk_igemm_data_scratch(&s, dev);
}

gd_status gdk_conv2d_bwd_data_omp_run(const gd_launch *l, gd_error *err) {
    (void)err;
    const gdk_igemm_shape s = shape_of(l->attr, l->out[0], l->in[1], l->in[0]);
    gdk_igemm_data_run(&s, l);
    return GD_OK;
}

size_t gdk_conv2d_bwd_weight_omp_scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gdk_igemm_shape s = shape_of(l->attr, l->in[1], l->out[0], l->in[0]);
    return gdk_igemm_weight_scratch(&s, dev);
}

gd_status gdk_conv2d_bwd_weight_omp_run(const gd_launch *l, gd_error *err) {
    (void)err;
    const gdk_igemm_shape s = shape_of(l->attr, l->in[1], l->out[0], l->in[0]);
    gdk_igemm_weight_run(&s, l);
    return GD_OK;
}
