/* conv2d_wino.c -- 3x3 convolution of stride 1 with a quarter of the multiplications, and the
 * gradient of its input, which is such a convolution too. Weights that are not constant are
 * transformed at each run. */
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

/* 3x3, nothing skipped. */
static bool is_plain(const gd_conv2d *a, const gd_tensor *w) {
    return w->dim[1] == 3 && w->dim[2] == 3 && a->groups == 1 && a->stride[0] == 1 &&
           a->stride[1] == 1 && a->dilation[0] == 1 && a->dilation[1] == 1 &&
           gd_tensor_dense(w);
}

/* State and scratch of a launch whose weights are in[1]. */
static bool is_constant(const gd_launch *l) { return (l->const_in & 2u) != 0; }

static size_t scratch(const gdk_winograd_shape *s, bool packs, const gd_device_caps *dev) {
    const size_t floats = packs ? (size_t)gdk_winograd_packed(s) : 0;
    return gdk_winograd_scratch(s, gdk_threads(dev)) + floats * sizeof(float);
}

/* The weights, packed behind the rest of the scratch. */
static const float *pack_anew(const gdk_winograd_shape *s, const gdk_winograd_filters *f,
                              const gd_launch *l) {
    const gdk_panels *p = l->state;
    char             *room = (char *)l->scratch + gdk_winograd_scratch(s, p->threads);
    float            *packed = (float *)(void *)room;
    gdk_winograd_pack(s, f, packed);
    return packed;
}

/* ---- y ---------------------------------------------------------------------------------- */

static gdk_winograd_filters filters_of(const gd_tensor *w) {
    return (gdk_winograd_filters){w->data, 9 * w->dim[3], w->dim[3], 1};
}

bool gdk_conv2d_wino_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gdk_winograd_shape s = shape_of(l);
    return is_plain(l->attr, l->in[1]) && gdk_steps_fit(l) && gdk_winograd_takes(&s) &&
           (is_constant(l) ? gdk_winograd_pays(&s) : gdk_winograd_pays_anew(&s));
}

size_t gdk_conv2d_wino_scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gdk_winograd_shape s = shape_of(l);
    return scratch(&s, !is_constant(l), dev);
}

gd_status gdk_conv2d_wino_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                  gd_error *err) {
    const gdk_winograd_shape   s = shape_of(l);
    const gdk_winograd_filters f = filters_of(l->in[1]);
    const size_t               floats = is_constant(l) ? (size_t)gdk_winograd_packed(&s) : 0;
    gdk_panels                *p;
    *state = NULL;
    GD_TRY(gdk_panels_make(dev, floats, &p, err));
    if (p->filled) gdk_winograd_pack(&s, &f, p->w);
    *state = p;
    return GD_OK;
}

gd_status gdk_conv2d_wino_run(const gd_launch *l, gd_error *err) {
    (void)err;
    const gdk_winograd_shape   s = shape_of(l);
    const gdk_winograd_filters f = filters_of(l->in[1]);
    const gdk_panels          *p = l->state;
    gdk_winograd_run(&s, l->in[0]->data, l->in[0]->pitch,
                     p->filled ? p->w : pack_anew(&s, &f, l), l->in[2] ? l->in[2]->data : NULL,
                     l, p->threads);
    return GD_OK;
}

/* ---- dx --------------------------------------------------------------------------------- */

/* dy, padded by what the forward pass leaves of two, meets the filters turned round. */
static gdk_winograd_shape shape_back(const gd_launch *l) {
    const gd_conv2d *a = l->attr; /* the first member of gd_conv2d_bwd_data */
    const gd_tensor *dy = l->in[0], *dx = l->out[0];
    return (gdk_winograd_shape){.N = dy->dim[0],
                                .H = dy->dim[1],
                                .W = dy->dim[2],
                                .C = dy->dim[3],
                                .P = dx->dim[1],
                                .Q = dx->dim[2],
                                .K = dx->dim[3],
                                .pad = {2 - a->pad[0], 2 - a->pad[1]}};
}

bool gdk_conv2d_bwd_data_wino_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_conv2d         *a = l->attr;
    const gdk_winograd_shape s = shape_back(l);
    return is_plain(a, l->in[1]) && a->pad[0] <= 2 && a->pad[1] <= 2 &&
           gdk_winograd_takes(&s) && gdk_winograd_pays_anew(&s);
}

size_t gdk_conv2d_bwd_data_wino_scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gdk_winograd_shape s = shape_back(l);
    return scratch(&s, true, dev);
}

gd_status gdk_conv2d_bwd_data_wino_run(const gd_launch *l, gd_error *err) {
    (void)err;
    const gdk_winograd_shape   s = shape_back(l);
    const gd_tensor           *w = l->in[1];
    const int64_t              C = w->dim[3];
    const gdk_winograd_filters f = {(const float *)w->data + 8 * C, 1, -C, 9 * C};
    const gdk_panels          *p = l->state;
    gdk_winograd_run(&s, l->in[0]->data, l->in[0]->pitch, pack_anew(&s, &f, l), NULL, l,
                     p->threads);
    return GD_OK;
}
