/* conv2d_wino.c -- 3x3 convolution of stride 1 with a quarter of the multiplications. */
#include "kernels/conv2d/conv2d.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/steps.h"
#include "kernels/cpu/winograd.h"

static gdk_winograd_shape shape_of(const gd_launch *l) {
    const gd_conv2d *a = l->attr;
    const gd_tensor *x = l->in[0], *y = l->out[0];
    return (gdk_winograd_shape){.N = x->dim[0],
                                .H = x->dim[1],
                                .W = x->dim[2],
                                .C = x->dim[3],
                                .P = y->dim[1],
                                .Q = y->dim[2],
                                .K = y->dim[3],
                                .pad = {a->pad[0], a->pad[1]}};
}

bool gdk_conv2d_wino_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_conv2d         *a = l->attr;
    const gd_tensor         *w = l->in[1];
    const gdk_winograd_shape s = shape_of(l);
    return w->dim[1] == 3 && w->dim[2] == 3 && a->groups == 1 && a->stride[0] == 1 &&
           a->stride[1] == 1 && a->dilation[0] == 1 && a->dilation[1] == 1 &&
           (l->const_in & 2u) && gd_tensor_dense(w) && gdk_steps_fit(l) &&
           gdk_winograd_takes(&s) && gdk_winograd_pays(&s);
}

size_t gdk_conv2d_wino_scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gdk_winograd_shape s = shape_of(l);
    return gdk_winograd_scratch(&s, gdk_threads(dev));
}

gd_status gdk_conv2d_wino_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                  gd_error *err) {
    const gdk_winograd_shape s = shape_of(l);
    gdk_panels              *p;
    *state = NULL;
    GD_TRY(gdk_panels_make(dev, (size_t)gdk_winograd_packed(&s), &p, err));
    gdk_winograd_pack(&s, l->in[1]->data, p->w);
    *state = p;
    return GD_OK;
}

gd_status gdk_conv2d_wino_run(const gd_launch *l, gd_error *err) {
    (void)err;
    const gdk_winograd_shape s = shape_of(l);
    const gdk_panels        *p = l->state;
    gdk_winograd_run(&s, l->in[0]->data, l->in[0]->pitch, p->w,
                     l->in[2] ? l->in[2]->data : NULL, l, p->threads);
    return GD_OK;
}
